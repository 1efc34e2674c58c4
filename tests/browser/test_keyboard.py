"""The dashboard by keyboard alone: all is reached and done, and the focus stays while a live world redraws the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.graph.system import Build
from studio.simulation.world import World
from studio.store import Log
from tests.browser.pages import SLOW_MS, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage

STOPS = {"system": ".part", "traces": "[role=row][data-key]", "metrics": "[role=figure]"}
FOCUSED = """() => {  // what has the keyboard, in the innermost shadow tree
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  let around = found; // Bokeh's own layer for keys has no name: its figure's is read out
  while (around && around.getAttribute?.("role") !== "figure") around = around.parentNode ?? around.host;
  const name = found.getAttribute("aria-label") || found.labels?.[0]?.textContent || found.textContent.trim() ||
    around?.getAttribute("aria-label") || found.tagName;
  return { name: name.slice(0, 60), key: found.dataset.key ?? "", role: found.getAttribute("role") ?? "",
    isSeen: found.matches(":focus-visible") &&
      (getComputedStyle(found).outlineStyle !== "none" || found.tagName === "g"), // there, a shape around it is drawn
    top: found.getBoundingClientRect().top };
}"""
SIDEWAYS = """() => {  // what can be scrolled sideways, in shadow trees, too
  const all = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
  const isWide = (each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1 && each.checkVisibility();
  return all(document).filter((each) => isWide(each) &&
    (each === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(each).overflowX)))
    .map((each) => `${each.tagName}.${each.className} ${each.scrollWidth}`);
}"""


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    return studio.load(root / "simulations" / "orders").build()


@pytest.fixture(scope="module")
def server(orders: Build) -> Iterator[DashboardServer]:
    """Shows an outage of the orders, twice, and a campaign of it."""
    log = Log.memory()
    for seed in (1, 2):
        studio.simulate("payment_outage", seed=seed, system=orders, log=log, duration="12s")
    studio.campaign("payment_outage", seeds=2, system=orders, log=log, duration="3s", check_determinism=0)
    made = serve_dashboard(Feed.of_log(log))
    yield made
    made.stop()


@pytest.fixture
def world(orders: Build) -> Iterator[World]:
    """A world of the orders that can be let go on; two faults are in force."""
    with studio.world(seed=3, system=orders, scenario="calm", log=Log.memory()) as made:
        made.inject(studio.fail("Email.tell"), studio.fail("Email.write"))
        made.workload(studio.S.Orders.place, rate_per_s=5)
        made.advance("8s")
        yield made


@pytest.fixture
def live(world: World, page: Page) -> Iterator[Callable[[str], Page]]:
    """Opens a tab of the world."""
    made = serve_dashboard(Feed.of_world(world))
    yield lambda tab: opened(page, made.url(tab=tab))
    made.stop()


def focused(page: Page) -> dict[str, object]:
    found: dict[str, object] = page.evaluate(FOCUSED)
    return found


def walked(page: Page, label: str, *, down: int = 2) -> dict[str, object]:
    """Go to the first row of a table, and so many rows down; say what has the keyboard then."""
    first = page.get_by_role("grid", name=label).locator("[role=row][data-key]").first
    expect(first).to_be_visible(timeout=SLOW_MS)
    first.focus()
    for _ in range(down):
        page.keyboard.press("ArrowDown")
    return focused(page)


def test_a_row_is_opened_and_closed_by_keys_and_has_the_focus_again(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="messages"))
    row = walked(page, "Messages")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"message={row['key']}(&|$)"))
    expect(page.get_by_role("heading", name=f"Message {row['key']}")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Close", exact=True).focus()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "message=" not in url)
    page.wait_for_function(f"() => ({FOCUSED})().key === '{row['key']}'")


def test_a_column_is_sorted_by_keys_and_keeps_the_focus(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="messages"))
    page.get_by_role("columnheader", name="Address").get_by_role("button").focus()
    page.keyboard.press("Enter")
    header = page.get_by_role("columnheader", name="Address")
    expect(header).to_have_attribute("aria-sort", "ascending", timeout=SLOW_MS)
    assert str(focused(page)["name"]).startswith("Address")


def test_a_menu_is_walked_and_left_by_escape(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="messages"))
    export = page.get_by_role("button", name="Export")
    export.focus()
    page.keyboard.press("Enter")
    expect(export).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(export).to_be_focused()
    expect(export).to_have_attribute("aria-expanded", "false")


def test_a_filter_taken_away_leaves_the_focus_nearby(page: Page, server: DashboardServer) -> None:
    opened(page, server.url(tab="messages", service="Payment", from_ns=1_000_000_000))
    page.get_by_role("button", name="Remove the filter service Payment").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "service=" not in url)
    expect(page.get_by_role("button", name=re.compile("Remove the filter"))).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "from_ns=" not in url)
    expect(page.get_by_role("tab", name="Messages")).to_be_focused()


def test_a_table_that_grows_on_top_keeps_focus_and_place(live: Callable[[str], Page], world: World) -> None:
    page = live("messages")
    row = walked(page, "Messages", down=4)
    grid = page.get_by_role("grid", name="Messages")
    count = grid.get_attribute("aria-rowcount") or ""
    expect(grid).to_have_attribute("data-read", str(row["key"]))  # the table has told which one is read
    world.advance("3s")
    expect(grid).not_to_have_attribute("aria-rowcount", count, timeout=SLOW_MS)
    assert focused(page) == row
    page.keyboard.press("ArrowDown")
    after = focused(page)
    assert int(str(after["key"])) < int(str(row["key"]))  # the next older one, and not what was counted before
    assert after["role"] == "row"


def test_a_fault_is_lifted_by_keys_and_the_next_one_has_the_focus(live: Callable[[str], Page]) -> None:
    page = live("faults")
    lift = page.get_by_role("button", name=re.compile("^Lift: "))
    expect(lift).to_have_count(2, timeout=SLOW_MS)
    lift.first.focus()
    page.keyboard.press("Enter")
    expect(lift).to_have_count(1, timeout=SLOW_MS)
    assert focused(page)["name"] != "BODY"


@pytest.mark.parametrize("tab", STOPS)
def test_every_stop_of_the_tab_key_is_seen_and_has_a_name(page: Page, server: DashboardServer, tab: str) -> None:
    opened(page, server.url(tab=tab))
    expect(page.locator("#studio-panel").locator(STOPS[tab]).first).to_be_visible(timeout=SLOW_MS)
    names: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = focused(page)
        if found["role"] == "" and str(found["name"]).startswith("To the content") and names:
            break
        assert found["isSeen"], found
        names.append(str(found["name"]))
    assert "DIV" not in names
    assert len(set(names)) > 8


@pytest.mark.parametrize("tab", ["system", "traces", "sagas", "metrics", "messages", "campaign", "faults", "compare"])
def test_nothing_scrolls_sideways_in_a_narrow_window(open_page: OpenPage, server: DashboardServer, tab: str) -> None:
    page = opened(open_page(width=900), server.url(tab=tab))
    if tab in ("traces", "sagas", "messages"):
        page.get_by_role("grid").locator("[role=row][data-key]").first.click()
        expect(page.get_by_role("button", name="Close", exact=True)).to_be_visible(timeout=SLOW_MS)
    assert page.evaluate(SIDEWAYS) == []
