"""The page around the tabs in a real browser: link, tabs, runs, filters, history, theme, files, a server that goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.store import Log
from tests.browser.pages import SLOW_MS, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.chromium import Watch
    from tests.browser.conftest import OpenPage


@pytest.fixture(scope="module")
def log(request: pytest.FixtureRequest) -> Log:
    """Two runs of the order system: 1 of `calm`, 2 of `lost_reply`."""
    log = Log.memory()
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    for scenario in ("calm", "lost_reply"):
        studio.simulate(scenario, seed=7, system=system, log=log)
    return log


@pytest.fixture
def server(log: Log) -> Iterator[DashboardServer]:
    server = serve_dashboard(Feed.of_log(log))
    yield server
    server.stop()


def test_a_link_opens_its_tab_and_loses_its_token(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="messages", run=1, service="Payment"))
    expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")
    assert page.url.endswith("/?tab=messages&run=1&service=Payment")
    expect(page.locator("#studio-foot")).to_contain_text("calm")
    expect(page.get_by_role("button", name="Remove the filter service Payment")).to_be_visible()


def test_tabs_turn_by_arrow_and_number_and_history_turns_them_back(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="traces"))
    page.keyboard.press("5")
    page.wait_for_url(re.compile("tab=messages"))
    page.get_by_role("tab", name="Messages").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("tab=metrics"))
    expect(page.get_by_role("tab", name="Metrics")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true", timeout=SLOW_MS)
    expect(page.get_by_role("tabpanel", name="Messages")).to_be_visible()


def test_a_run_is_found_by_typing_and_stands_in_the_link(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="traces"))
    expect(page.locator("#studio-foot")).to_contain_text("lost_reply")
    page.keyboard.press("r")
    page.keyboard.type("calm seed 7")
    expect(page.locator("#studio-runs").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("run=1"))
    expect(page.locator("#studio-foot")).to_contain_text("calm")
    page.get_by_role("button", name="Follow newest").click()
    expect(page.locator("#studio-foot")).to_contain_text("lost_reply")


def test_a_filter_is_a_chip_that_can_be_taken_away(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="traces", service="Payment", from_ns=1_000_000_000))
    page.get_by_role("button", name="Remove the filter service Payment").click()
    page.wait_for_url(re.compile(r"\?tab=traces&from_ns=1000000000$"))
    page.get_by_role("tab", name="Traces").focus()
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"\?tab=traces$"))


def test_theme_is_the_browsers_until_it_is_chosen(open_page: OpenPage, server: DashboardServer) -> None:
    page = opened(open_page(is_dark=True), server.url(tab="traces"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert "theme" not in page.url
    page.get_by_role("button", name="Use the light theme").click()
    page.wait_for_url(re.compile("theme=light"))
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_what_is_shown_can_be_taken_away_as_a_file(page: Page, server: DashboardServer, tmp_path: Path) -> None:
    opened(page, server.url(tab="traces", run=1))
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=re.compile("CSV", re.IGNORECASE)).first.click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name.startswith("run-1-")
    assert file.read_text(encoding="utf-8").count("\n") > 10


def test_the_keys_are_listed_and_nothing_is_wider_than_a_narrow_window(
    open_page: OpenPage, server: DashboardServer
) -> None:
    page = opened(open_page(width=900), server.url(tab="traces"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("open a tab")
    assert page.evaluate("document.documentElement.scrollWidth") <= 900


def test_a_world_is_paused_and_resumed_from_the_bar(page: Page, request: pytest.FixtureRequest) -> None:
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    with studio.world(seed=3, system=system, log=Log.memory()) as world:
        world.start(speed=1.0)
        server = serve_dashboard(Feed.of_world(world))
        try:
            opened(page, server.url(tab="traces"))
            page.get_by_role("button", name="Pause").click()
            expect(page.get_by_role("group", name="Running world")).to_contain_text("paused", timeout=SLOW_MS)
            assert world.state == "paused"
            page.get_by_role("button", name="Resume").click()
            expect(page.get_by_role("group", name="Running world")).to_contain_text("running", timeout=SLOW_MS)
        finally:
            server.stop()


def test_a_browser_that_loses_the_server_says_so_and_comes_back(
    page: Page, log: Log, server: DashboardServer, watch: Watch
) -> None:
    watch.allow(
        "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_SOCKET|403|Refused to apply style",
        reason="the server is gone: that is the test",
    )
    watch.allow("WebSocket|websocket|Websocket", reason="likewise")
    opened(page, server.url(tab="traces", run=1))
    port = server.port
    server.stop()
    expect(page.get_by_text("The connection to the kernel is lost")).to_be_visible(timeout=SLOW_MS)
    again = serve_dashboard(Feed.of_log(log), port=port)
    try:
        expect(page.get_by_text("was started anew")).to_be_visible(timeout=SLOW_MS)
        opened(page, again.url(tab="traces", run=1))
    finally:
        again.stop()
