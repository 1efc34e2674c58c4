"""The dashboard alone: every tab of a log, served by a process of its own; and a world that its page acts upon."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import polars as pl
import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Locator, Page, expect

import studio
from studio.dashboard.dashboard_server import serve_dashboard
from studio.dashboard.feed import Feed
from studio.graph.system import System
from studio.simulation.case import Case
from studio.simulation.harming.fault_words import in_words
from studio.simulation.world import World
from studio.source.cell import cell_from_text
from studio.store import Log
from tests.browser.pages import SLOW_MS, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage

PROGRAM = "from studio.cli import main; main()"
TABS = ("System", "Traces", "Sagas", "Metrics", "Messages", "Campaign", "Faults", "Compare")
LISTS = {"Traces": "Traces", "Sagas": "Saga instances", "Messages": "Messages"}
KEEPING = (
    """
    %%contracts things
    class Thing(Contract):
        id: str

    event($.Thing.made, Thing, key="id")
    """,
    """
    %%service Store
    @service.operation($.Store.put, idempotent=True)
    async def put(thing: Thing) -> Thing:
        return thing

    @service.operation($.Store.take_back, idempotent=True)
    async def take_back(thing: Thing) -> Thing:
        return thing
    """,
    """
    %%saga Keeping --on $.Thing.made
    @saga.step(retry=Retry(attempts=2, backoff="fixed", first="100ms"))
    async def put_it(thing: Thing) -> Thing:
        return await Store.put(thing)

    @put_it.compensation(retry=Retry(attempts=2, backoff="fixed", first="50ms"))
    async def take_it_back(thing: Thing, done: Thing | None) -> None:
        await Store.take_back(thing)
    """,
)
COVERED = """() => {  // controls on screen that something else lies upon
  const all = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
  const up = (each) => each.assignedSlot ?? each.parentNode ?? each.host;
  const holds = (outer, inner) => inner === outer || Boolean(inner && holds(outer, up(inner)));
  const deepest = (x, y) => {
    let found = document.elementFromPoint(x, y);
    for (let next; (next = found?.shadowRoot?.elementFromPoint(x, y)) && next !== found; ) found = next;
    return found;
  };
  const isSeen = (each, x, y) => {
    for (let at = up(each); at; at = up(at)) {
      if (!(at instanceof Element) || getComputedStyle(at).overflow === "visible") continue;
      const box = at.getBoundingClientRect();
      if (x < box.left || x > box.right || y < box.top || y > box.bottom) return false;
    }
    return x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
  };
  const isControl = (each) => each.matches("button, select, input") && each.checkVisibility();
  return all(document).filter(isControl).filter((each) => {
    const box = each.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (!box.width || !isSeen(each, x, y)) return false;
    const found = deepest(x, y);
    return !(holds(each, found) || holds(found, each));
  }).map((each) => each.outerHTML);
}"""


def define(*cells: str) -> System:
    system = System()
    for text in cells:
        source = cell_from_text(dedent(text).strip())
        assert source is not None
        system.define(source)
    return system


@pytest.fixture(scope="module")
def file(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of runs 1 and 2 of an outage of the orders, and of a campaign of it."""
    made = tmp_path_factory.mktemp("recorded") / "studio.duckdb"
    log, orders = Log.open(made), studio.load(root / "simulations/orders").build()
    for seed in (1, 2):
        studio.simulate("payment_outage", seed=seed, system=orders, log=log, duration="24s")
    studio.campaign("payment_outage", seeds=3, system=orders, log=log, duration="3s", check_determinism=0)
    return made


@pytest.fixture(scope="module")
def counts(file: Path) -> Mapping[str, int]:
    """How many rows the lists of run 2 have."""
    told = {
        "Traces": "select count(distinct trace) from spans",
        "Sagas": "select count(*) from sagas",
        "Messages": "select count(*) from messages",
    }
    run = Log.open(file).run(2)
    return {name: int(run.sql(text).item()) for name, text in told.items()}


@pytest.fixture(scope="module")
def link(file: Path, counts: Mapping[str, int]) -> Iterator[str]:
    """The link that `studio dashboard FILE` prints; it ends with the module."""
    command = [sys.executable, "-c", PROGRAM, "dashboard", str(file), "--no-browser"]
    assert counts  # asked before the log is another process's
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        yield served.stdout.readline().split()[-1]
        served.terminate()


@pytest.fixture(scope="module")
def words(file: Path, counts: Mapping[str, int]) -> Mapping[str, re.Pattern[str]]:
    """What each tab says that only this run can give."""
    plan = Case.from_json(Log.open(file).run(2).row.info.case).plan
    rows = {name: re.compile(f'grid "{grid}"') for name, grid in LISTS.items()}
    assert counts
    return rows | {
        "System": re.compile(r"service Payment: .*[1-9]\d* in all"),
        "Metrics": re.compile(r"Throughput, messages handled per second: .*Payment latest"),
        "Campaign": re.compile("1: payment_outage, 3 seeds"),
        "Faults": re.compile(re.escape(in_words(plan[0]))),
        "Compare": re.compile("The first event that differs, at"),
    }


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.get_by_role("tablist", name="Views")).to_be_visible(timeout=SLOW_MS)
    return built(page)


def built(page: Page, tab: str = "") -> Page:
    if tab:
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true", timeout=SLOW_MS)
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("#studio-loading")).to_be_hidden(timeout=SLOW_MS)
    return page


def with_state(link: str, **state: Any) -> str:
    return f"{link}&{urlencode(state)}"


def grid(page: Page, tab: str) -> Locator:
    return page.get_by_role("grid", name=LISTS[tab], exact=True)


@pytest.mark.parametrize(("width", "is_dark", "way"), [(1280, False, "click"), (900, True, "key")])
def test_every_tab_shows_the_run_and_fits_the_window(
    open_page: OpenPage, link: str, counts: Mapping[str, int], words: Mapping[str, re.Pattern[str]],
    *, width: int, is_dark: bool, way: str,
) -> None:  # fmt: skip
    page = opened(open_page(width=width, is_dark=is_dark), link)
    for number, tab in enumerate(TABS, start=1):
        if way == "click":
            page.get_by_role("tab", name=tab).click()
        else:
            page.keyboard.press(str(number))
        built(page, tab)
        if tab in LISTS:
            expect(grid(page, tab)).to_have_attribute("aria-rowcount", str(counts[tab] + 1), timeout=SLOW_MS)
        expect_told(page, words[tab])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        assert page.evaluate(COVERED) == [], tab
    expect(page.locator("html")).to_have_attribute("data-theme", "dark" if is_dark else "light")


def expect_told(page: Page, pattern: re.Pattern[str]) -> None:
    """Wait until the tab says something, in text or in a text alternative."""
    expect(page.locator("#studio-panel")).to_be_visible()
    try:
        page.wait_for_function(
            """([text]) => {
              const all = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
                [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
              const told = all(document.getElementById("studio-panel")).flatMap((each) =>
                [each.getAttribute("aria-label") ?? "", each.childElementCount ? "" : each.textContent,
                 each.getAttribute("role") === "grid" ? `grid "${each.getAttribute("aria-label")}"` : ""]);
              return told.some((each) => new RegExp(text).test(each));
            }""",
            arg=[pattern.pattern],
            timeout=SLOW_MS,
        )
    except Exception as error:
        raise AssertionError(f"{pattern.pattern!r} is not told in {page.url}") from error


@pytest.mark.parametrize("tab", LISTS)
def test_what_was_opened_is_opened_by_its_link_in_another_browser(open_page: OpenPage, link: str, tab: str) -> None:
    page = opened(open_page(), with_state(link, tab=tab.lower(), run=1))
    row = grid(page, tab).get_by_role("row").nth(3)
    told = row.inner_text(timeout=SLOW_MS)
    row.click()
    page.wait_for_url(re.compile("trace=|saga=|message="))
    other = opened(open_page(), link)
    other.goto(page.url)
    built(other, tab)
    chosen = grid(other, tab).locator("[role=row][aria-selected=true]")
    expect(chosen).to_have_count(1, timeout=SLOW_MS)
    assert chosen.inner_text() == told
    expect(other.get_by_role("heading", level=2).first).to_be_visible(timeout=SLOW_MS)


@pytest.mark.parametrize("tab", LISTS)
def test_a_list_is_taken_away_whole(page: Page, link: str, tab: str, counts: Mapping[str, int], tmp_path: Path) -> None:
    opened(page, with_state(link, tab=tab.lower(), run=2))
    expect(grid(page, tab)).to_have_attribute("aria-rowcount", str(counts[tab] + 1), timeout=SLOW_MS)
    plain = pl.read_csv(taken(page, f"{tab}, CSV", tmp_path), infer_schema_length=None)
    table = pl.read_parquet(taken(page, f"{tab}, Parquet", tmp_path))
    assert (plain.height, table.height) == (counts[tab], counts[tab])
    assert plain.columns == table.columns
    key = table.columns[0]
    assert plain[key].to_list() == table[key].to_list()


def test_pictures_are_pictures(page: Page, link: str, tmp_path: Path) -> None:
    opened(page, with_state(link, tab="system"))
    drawing = taken(page, "Drawing without numbers, SVG", tmp_path)
    assert ET.parse(drawing).getroot().tag.endswith("svg")  # noqa: S314 - our own
    with page.expect_download(timeout=SLOW_MS) as download:
        page.get_by_role("button", name="PNG").click()
    download.value.save_as(tmp_path / "system.png")
    assert (tmp_path / "system.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.fixture
def troubled() -> Iterator[World]:
    """A world that runs, with the stuck saga `Keeping/t-1`, since its store refuses all."""
    system = define(*KEEPING)
    with studio.world(system=system, log=Log.memory(), seed=1) as world:
        world.inject(studio.fail("Store.put"), studio.fail("Store.take_back"))
        made: Any = system.visible()["Thing"]
        world.send("Thing.made", made(id="t-1"))
        world.advance("1m")
        world.start(speed=10)
        yield world


def test_a_world_is_paused_mended_and_its_stuck_saga_resumed_by_the_page(page: Page, troubled: World) -> None:
    server = serve_dashboard(Feed.of_world(troubled))
    try:
        opened(page, server.url(tab="faults"))
        bar = page.get_by_role("group", name="Running world")
        bar.get_by_role("button", name="Pause").click()
        expect(bar).to_contain_text("paused", timeout=SLOW_MS)
        assert troubled.state == "paused"
        page.get_by_role("button", name="Lift all").click()
        expect(page.get_by_text("No fault is in force.")).to_be_visible(timeout=SLOW_MS)
        page.get_by_role("button", name="Slow network").click()
        page.get_by_role("form", name="Slow network").get_by_role("button", name="Inject").click()
        bar.get_by_role("button", name="Resume").click()
        page.get_by_role("tab", name="Sagas").click()
        built(page, "Sagas")
        grid(page, "Sagas").get_by_role("row").filter(has_text="t-1").click()
        page.locator("#studio-panel").get_by_role("button", name="Resume", exact=True).click()
        compensated = grid(page, "Sagas").get_by_role("row").filter(has_text="compensated")
        expect(compensated).to_be_visible(timeout=SLOW_MS)
    finally:
        page.close()  # else it looks for the server that has gone
        server.stop()
