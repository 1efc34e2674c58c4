"""Links and files in a real browser: a copied link opens the same elsewhere, history stays sane, pictures are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("playwright")

from PIL import Image
from playwright.sync_api import Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.store import Log
from tests.browser.pages import SLOW_MS, opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage

COPIED = """() => { window.copied = ""; navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"""
DRAGGED = "(it, share) => { it.value = it.max * share / 100; it.dispatchEvent(new Event('input')); }"
PICTURES = {
    "system": ("Picture", "Drawing without numbers"),
    "traces": ("Trace 3",),
    "sagas": ("States over time", "Timeline"),
    "metrics": ("All charts", "Throughput"),
    "campaign": ("Grid",),
    "compare": ("Curves", "Throughput"),
}
OPENED: dict[str, dict[str, Any]] = {"traces": {"trace": 3}, "sagas": {"saga": "OrderProcessing/order-1"}}


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[DashboardServer]:
    """Two runs of an outage of the orders, and a campaign of it."""
    log, build = Log.memory(), studio.load(request.config.rootpath / "simulations/orders").build()
    for seed in (1, 2):
        studio.simulate("payment_outage", seed=seed, system=build, log=log, duration="24s")
    studio.campaign("payment_outage", seeds=3, system=build, log=log, duration="3s", check_determinism=0)
    server = serve_dashboard(Feed.of_log(log, build=build))
    yield server
    server.stop()


def copied(page: Page) -> str:
    """Press the button that copies a link, and return what it copied."""
    page.evaluate(COPIED)
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("window.copied")
    return str(page.evaluate("window.copied"))


def test_a_dragged_instant_makes_no_history_and_opens_elsewhere(open_page: OpenPage, served: DashboardServer) -> None:
    page = opened(open_page(), served.url(tab="traces", run=2))
    page.get_by_role("tab", name="System").click()
    slider = page.get_by_role("slider", name="Instant of the run")
    expect(slider).to_be_visible(timeout=SLOW_MS)
    page.wait_for_url(re.compile("tab=system"))
    before = page.evaluate("history.length")
    for share in range(20, 60):
        slider.evaluate(
            "(it, share) => { it.value = it.max * share / 100; it.dispatchEvent(new Event('input')); }", share
        )
    page.wait_for_url(re.compile(r"at_ns=\d+&last_s=10"))
    at = slider.input_value()
    page.wait_for_function("([at]) => location.search.includes(`at_ns=${Math.round(at)}`)", arg=[float(at)])
    assert page.evaluate("history.length") == before
    other = opened(open_page(), copied(page))
    expect(other.get_by_role("slider", name="Instant of the run")).to_have_value(at, timeout=SLOW_MS)
    expect(other.get_by_label("How much is looked at")).to_have_value("10")
    page.go_back()
    expect(page.get_by_role("tab", name="Traces")).to_have_attribute("aria-selected", "true", timeout=SLOW_MS)


def test_a_copied_link_names_the_run_and_lets_in_whoever_has_no_cookie(
    open_page: OpenPage, served: DashboardServer
) -> None:
    page = opened(open_page(), served.url(tab="compare"))
    assert "run=" not in page.url
    expect(page.get_by_label("Compared with")).to_be_visible(timeout=SLOW_MS)
    link = copied(page)
    assert "run=2" in link
    assert "other=1" in link
    other = opened(open_page(), link)
    assert "token" not in other.url
    expect(other.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    expect(other.locator("#studio-foot")).to_contain_text("run 2")


def test_a_folded_and_zoomed_waterfall_opens_elsewhere(open_page: OpenPage, served: DashboardServer) -> None:
    page = opened(open_page(), served.url(tab="traces", run=2, trace=3))
    tree = page.get_by_role("tree")
    rows = tree.get_by_role("treeitem")
    expect(rows.first).to_be_visible(timeout=SLOW_MS)
    rows.nth(1).press("z")
    page.wait_for_url(re.compile("zoom="))
    page.get_by_role("button", name="Fold all", exact=True).click()
    page.wait_for_url(re.compile("fold=all"))
    shown = tree.locator("[role=treeitem]:not(.gone)").count()
    other = opened(open_page(), copied(page))
    expect(other.get_by_role("tree").locator("[role=treeitem]:not(.gone)")).to_have_count(shown, timeout=SLOW_MS)
    expect(other.get_by_role("button", name="Show all times").first).to_be_enabled()


@pytest.mark.parametrize("is_dark", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tab", PICTURES)
def test_pictures_of_a_tab_are_drawn(
    open_page: OpenPage, served: DashboardServer, tab: str, tmp_path: Path, *, is_dark: bool
) -> None:
    page = opened(open_page(is_dark=is_dark), served.url(tab=tab, run=2, **OPENED.get(tab, {})))
    for title in PICTURES[tab]:
        expect(page.get_by_role("button", name="Export")).to_be_visible(timeout=SLOW_MS)
        page.locator("#studio-panel").get_by_text(re.compile(".")).first.wait_for(timeout=SLOW_MS)
        drawing = taken(page, f"{title}, SVG", tmp_path)
        assert ET.parse(drawing).getroot().tag.endswith("}svg")  # noqa: S314 - our own
        picture = taken(page, f"{title}, PNG", tmp_path)
        assert picture.stem == drawing.stem
        with Image.open(picture) as image:
            shown = image.convert("RGB")
            assert shown.width >= 1000
            assert len(shown.getcolors(1 << 24) or ()) > 50
            paper = shown.getpixel((shown.width // 2, 2))
            assert paper == ((0x14, 0x18, 0x1D) if is_dark else (255, 255, 255))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"tab": "traces", "run": 99}, "Run 99 is not in the log any more"),
        ({"tab": "nowhere", "run": 2}, "There is no tab nowhere"),
        ({"tab": "campaign", "campaign": 99}, "campaign=99"),
        ({"tab": "compare", "run": 2, "other": 99}, "run=99"),
    ],
)
def test_a_link_to_what_is_not_there_says_so(
    page: Page, served: DashboardServer, query: dict[str, object], told: str
) -> None:
    opened(page, served.url(run=1))
    page.goto(f"{page.url.partition('?')[0]}?{'&'.join(f'{name}={value}' for name, value in query.items())}")
    expect(page.get_by_text(told).first).to_be_visible(timeout=SLOW_MS)
