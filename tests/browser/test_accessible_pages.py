"""The dashboard and the widgets under axe-core: nothing in them breaks WCAG 2 at A or AA, in light or in dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")

from jupyter_core.paths import jupyter_path
from playwright.sync_api import Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.graph.system import Build
from studio.notebook.widgets.progress_bar import BarWidget
from studio.notebook.widgets.run_explorer import RunExplorer
from studio.notebook.widgets.world_controls import WorldControls
from studio.simulation.run import Run
from studio.simulation.world import World
from studio.store import Log
from tests.browser.axe import CONTRAST, violations
from tests.browser.pages import SLOW_MS

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage

LONG = ("system", "sagas", "metrics")  # charts and drawings have thousands of elements to be looked at
TABS = (
    "traces",
    "messages",
    "campaign",
    "faults",
    "compare",
    *(pytest.param(tab, marks=pytest.mark.slow) for tab in LONG),
)
OPENED = {"traces": "trace", "sagas": "saga", "messages": "message"}
SHOW = """async ([code, state]) => {
  const heard = {};
  const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes: () => 0,
    on: (name, run) => { heard[name] = run; }, off: () => 0, send: (asked) => { window.asked = asked; } };
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const place = document.createElement("section");
  document.querySelector("main").append(place);
  (await import(url)).default.render({ model, el: place });
  window.heard = heard;
}"""
STILL = """() => {  // nothing was added or taken away for a while, in shadow trees neither
  const count = (root) => [...root.querySelectorAll("*")].reduce((sum, each) =>
    sum + 1 + (each.shadowRoot ? count(each.shadowRoot) : 0), 0);
  const now = performance.now(), seen = `${location.search} ${count(document.getElementById("studio-panel"))}`;
  if (window.seen !== seen) [window.seen, window.since] = [seen, now];
  return now - window.since > 400;
}"""
PAGE = """<!doctype html><html lang="en"><title>Widgets</title><meta name="color-scheme" content="light dark">
<style>@media (prefers-color-scheme: dark) { body { background: #111; } }</style><body>
<main><h1>Widgets</h1><h2>All</h2></main>"""


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    return studio.load(root / "simulations" / "orders").build()


@pytest.fixture(scope="module")
def log(orders: Build) -> Log:
    """Run 1 of an outage of the orders, and a campaign of it."""
    made = Log.memory()
    studio.simulate("payment_outage", seed=1, system=orders, log=made, duration="12s")
    studio.campaign("payment_outage", seeds=2, system=orders, log=made, duration="3s", check_determinism=0)
    return made


@pytest.fixture(scope="module")
def run(orders: Build, log: Log) -> Run:
    """Run 2, under another seed."""
    return studio.simulate("payment_outage", seed=2, system=orders, log=log, duration="12s")


@pytest.fixture(scope="module")
def server(log: Log, run: Run) -> Iterator[DashboardServer]:
    """Shows run 2, and all before it."""
    assert run.scenario == "payment_outage"
    made = serve_dashboard(Feed.of_log(log))
    yield made
    made.stop()


@pytest.fixture
def world(orders: Build) -> Iterator[World]:
    """A paused world in which a service is down and calls are lost."""
    with studio.world(seed=3, system=orders, scenario="calm", log=Log.memory()) as made:
        made.inject(studio.crash("Payment", down_for="1h"), studio.fail("Inventory.reserve"))
        made.start(speed=1.0)
        made.pause()
        yield made


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    return built(page)


def built(page: Page, tab: str = "") -> Page:
    """Wait until a tab is drawn, and everything in it that takes its time."""
    if tab:
        expect(page.get_by_role("tab", name=tab.capitalize())).to_have_attribute("aria-selected", "true")
    expect(page.locator("#studio-loading")).to_be_hidden(timeout=SLOW_MS)
    page.wait_for_function(STILL, polling=100, timeout=SLOW_MS)
    return page


def turned(page: Page) -> Page:
    """Turn a page to dark."""
    page.get_by_role("button", name="Use the dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    return built(page)


def check(page: Page) -> None:
    """Fail for what is wrong in a page, in light and in dark."""
    found = violations(page)
    found += [f"in dark: {each}" for each in violations(turned(page), rules=CONTRAST)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_of_a_run_and_what_is_opened_in_it_can_be_read_by_all(
    page: Page, server: DashboardServer, tab: str
) -> None:
    state = {"seed": "1"} if tab == "campaign" else {}
    opened(page, server.url(tab=tab, **state))
    if tab in OPENED:
        page.get_by_role("grid").get_by_role("row").nth(2).click()
        page.wait_for_url(re.compile(f"[?&]{OPENED[tab]}="))
    check(built(page))


def test_tabs_without_anything_to_show_can_be_read_by_all(page: Page) -> None:
    server = serve_dashboard(Feed.of_log(Log.memory()))
    try:
        opened(page, server.url(tab="campaign"))
        found = violations(page)
        page.get_by_role("tab", name="System").click()
        check(built(page, "system"))
        assert found == [], "\n".join(found)
    finally:
        page.close()  # else it looks for the server that has gone
        server.stop()


def test_a_live_world_and_a_form_with_a_complaint_can_be_read_by_all(page: Page, world: World) -> None:
    server = serve_dashboard(Feed.of_world(world))
    try:
        opened(page, server.url(tab="faults"))
        quick = page.get_by_role("group", name="Quick controls")
        quick.get_by_label("Down for").fill("soon")
        quick.get_by_role("button", name="Crash").click()
        expect(page.get_by_text(re.compile("soon"))).to_be_visible()
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Slow network").click()
        page.keyboard.press("r")
        expect(page.get_by_role("option").first).to_be_visible()
        check(page)
    finally:
        page.close()
        server.stop()


def lab_theme(name: str) -> str:
    """Return the colours of a theme of JupyterLab."""
    places = (Path(each) / "lab" / "themes" for each in jupyter_path())
    file = next(each for place in places if (each := place / f"@jupyterlab/theme-{name}-extension/index.css").exists())
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("is_lab", [pytest.param(False, marks=pytest.mark.slow), True])
def test_widgets_of_a_cell_can_be_read_by_all(
    open_page: OpenPage, run: Run, world: World, *, is_dark: bool, is_lab: bool
) -> None:
    page = open_page(is_dark=is_dark)
    page.set_content(PAGE)
    if is_lab:
        page.add_style_tag(content=lab_theme("dark" if is_dark else "light"))
        page.evaluate("(isLight) => { document.body.dataset.jpThemeLight = isLight; }", not is_dark)
        page.add_style_tag(content="body { background: var(--jp-layout-color0); }")
    explorer, controls = RunExplorer(run), WorldControls(world)
    explorer.open_trace(1)
    explorer.waterfall.selected = 1
    bar = BarWidget(title="Campaign", share=0.4, detail="40 of 100 seeds, 2 failed", is_failing=True)
    for widget in (controls, explorer.traces, explorer.sagas, explorer.graph, explorer.waterfall, bar):
        page.evaluate(SHOW, [widget._esm, widget.get_state()])  # noqa: SLF001 - as anywidget hands it over
    found = violations(page, within="main")
    page.get_by_role("tab", name="Send a message").click()
    found += violations(page, within="main")
    assert found == [], "\n".join(found)
    controls.close()
