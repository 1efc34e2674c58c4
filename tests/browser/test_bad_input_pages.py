"""What only a browser shows of bad input: a websocket that drops, a value that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.simulation.world import World
from studio.store import Log
from tests.browser.pages import SLOW_MS, opened

if TYPE_CHECKING:
    from tests.browser.chromium import Watch


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A paused world of the orders, with one order."""
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    with studio.world(seed=3, system=system, log=Log.memory()) as made:
        made.start(speed=1.0)
        made.pause()
        yield made


@pytest.fixture
def server(world: World) -> Iterator[DashboardServer]:
    made = serve_dashboard(Feed.of_world(world))
    yield made
    made.stop()


def drop_websockets(server: DashboardServer) -> None:
    """Close what the browsers hold, as a proxy or a machine that slept does."""
    host: Any = server._service.host  # noqa: SLF001 - from outside it cannot be had
    sockets: list[Any] = list(host._web._tornado.sockets)  # noqa: SLF001 - likewise
    for each in sockets:
        host._loop.call_soon_threadsafe(each.close)  # noqa: SLF001 - likewise


def test_page_whose_websocket_drops_comes_back_as_it_was(page: Page, server: DashboardServer, watch: Watch) -> None:
    watch.allow("[Ww]eb[Ss]ocket|Lost websocket", reason="it was dropped: that is the test")
    opened(page, server.url(tab="traces", run=1, service="Payment", text="order"))
    before = page.url
    page.evaluate("window.isOld = true")
    drop_websockets(server)
    page.wait_for_function("window.isOld === undefined", timeout=SLOW_MS)
    expect(page.locator("#studio-loading")).to_be_hidden(timeout=SLOW_MS)
    assert page.url == before
    expect(page.get_by_role("tab", name="Traces")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Remove the filter service Payment")).to_be_visible()
    expect(page.get_by_text("The connection to the kernel is lost")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("group", name="Running world")).to_contain_text("running", timeout=SLOW_MS)


def test_impossible_value_is_told_and_can_be_mended(page: Page, server: DashboardServer, world: World) -> None:
    opened(page, server.url(tab="faults"))
    quick = page.get_by_role("group", name="Quick controls")
    quick.get_by_label("Down for").fill("soon")
    quick.get_by_role("button", name="Crash").click()
    expect(page.get_by_text(re.compile("soon"))).to_be_visible(timeout=SLOW_MS)
    assert "crash" not in world.as_cell()
    quick.get_by_label("Down for").fill("2s")
    quick.get_by_role("button", name="Crash").click()
    expect(page.get_by_text(re.compile("crashed"))).to_be_visible(timeout=SLOW_MS)
    assert "crash" in world.as_cell()
