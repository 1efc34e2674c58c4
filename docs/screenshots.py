"""Make the pictures of Studio at work from real runs, in a headless Chromium: `python -m docs.screenshots`.

The system is that of `notebooks/05-live.ipynb`, under fixed seeds. What is on the pictures is what its log says; only
the pace of the world in JupyterLab is real time's.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

import studio
from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.graph.system import System
from studio.simulation.world import World
from studio.source.cell import cell_from_text
from studio.store import Log
from tests.browser.chromium import Watch, chromium, pages_of
from tests.browser.jupyter_server import LabServer, lab_server_in
from tests.browser.lab_page import LabPage

HERE = Path(__file__).parent
NOTEBOOK = HERE.parent / "notebooks" / "05-live.ipynb"
PLACE = HERE / "views"
WIDTH, HEIGHT = 1280, 800
WAIT_MS = 120_000
COLOURS = 256

ROUGH = """
%%scenario rough_evening --duration 20s
workload($.Order.created, rate_per_s=2)
service_time($.Payment.charge, Exponential("60ms"))
swarm("crash", "duplicate", "fail", "hang", "late", "latency", "lose", "partition", "refuse", "slow", share=0.35)
"""
PROMISE = """
%%invariant nobody_is_called_at_night
select saga, reason from sagas where state = 'stuck'
"""


def cells() -> list[str]:
    """Return the code of notebook 05."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def evening(*more: str) -> System:
    """Return the shop of notebook 05, with further cells."""
    system = System()
    for text in (*cells(), *(each.strip() for each in more)):
        source = cell_from_text(text) if text.startswith("%%") else None
        if source is not None:
            system.define(source)
    return system


def play(world: World) -> None:
    """Do what the notebook does: calm, lost replies and a crash, time to recover; then trouble that is still there."""
    world.advance("50s")
    world.inject(studio.lose("Payment.charge", leg="reply", probability=0.6))
    world.advance("30s")
    world.crash("Inventory", down_for="40s")
    world.advance("30s")
    world.lift(1)
    world.advance("60s")
    world.inject(studio.lose("Inventory", probability=0.25), studio.latency("Shipping", "80ms"))
    world.advance("10s")


@contextmanager
def dashboard() -> Iterator[tuple[DashboardServer, World]]:
    """Serve a log of a calm evening, of a campaign, and of a world that is played with."""
    log = Log.memory()
    studio.simulate("evening", system=evening(), seed=7, duration="3m", log=log)
    studio.campaign("rough_evening", system=evening(ROUGH, PROMISE), seeds=40, workers=2, log=log)
    with studio.world(system=evening(), scenario="evening", play=True, seed=7, log=log) as world:
        play(world)
        server = serve_dashboard(Feed.of_world(world))
        try:
            yield server, world
        finally:
            server.stop()


def save(picture: bytes, name: str) -> None:
    """Keep a picture with so few colours that it is small, and still looks the same."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = PLACE / f"{name}.png"
    image.save(file, optimize=True)
    print(f"{file.relative_to(HERE.parent)}: {file.stat().st_size // 1000} kB")  # noqa: T201 - what the author sees


def opened(page: Page, url: str) -> Page:
    """Open a link, and wait until its tab is there and its fonts and curves are drawn."""
    page.goto(url)
    expect(page.get_by_role("tablist", name="Views")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#studio-loading")).to_be_hidden(timeout=WAIT_MS)
    return settled(page)


def settled(page: Page) -> Page:
    """Wait until nothing has moved for a while: two pictures, half a second apart, are equal."""
    before = b""
    while before != (before := page.screenshot()):
        page.wait_for_timeout(500)
    return page


def shoot(browser: Browser, url: str, name: str, *, is_dark: bool = False) -> None:
    """Open a link, and keep the picture."""
    with pages_of(browser, Watch(), width=WIDTH, height=HEIGHT, is_dark=is_dark) as page:
        save(opened(page, url).screenshot(), name)


def views(browser: Browser) -> None:
    """Take a picture of each tab."""
    with dashboard() as (server, world):
        saga = world.sql("select saga from sagas where state = 'stuck' order by started_s limit 1")["saga"][0]
        shoot(browser, server.url(tab="system"), "system")
        shoot(browser, server.url(tab="system"), "system-dark", is_dark=True)
        trace = world.sql("select min(trace) from spans where saga = $saga", saga=saga).item()
        shoot(browser, server.url(tab="traces", trace=trace), "traces")
        shoot(browser, server.url(tab="sagas", saga=saga), "sagas")
        shoot(browser, server.url(tab="metrics"), "metrics")
        shoot(browser, server.url(tab="metrics"), "metrics-dark", is_dark=True)
        shoot(browser, server.url(tab="messages", saga=saga, message=message_of(world, trace)), "messages")
        shoot(browser, server.url(tab="campaign"), "campaign")
        shoot(browser, server.url(tab="faults"), "faults")
        shoot(browser, server.url(tab="compare", other=1), "compare")


def message_of(world: World, trace: int) -> int:
    """Return the first call of a trace."""
    told = "select min(message) from messages where trace = $trace and kind = 'call'"
    return int(world.sql(told, trace=trace).item())


def lab(browser: Browser, server: LabServer) -> None:
    """Take the picture of JupyterLab: sidebar, controls of a running world, and its dashboard below."""
    code = cells()
    server.write("evening.ipynb", *code[: code.index("world.controls()") + 1])
    with pages_of(browser, Watch(), width=WIDTH, height=1060) as page:
        shown = LabPage(page, server)
        shown.open("evening.ipynb")
        shown.expect_told("Nothing is declared yet")
        shown.run_all()
        controls = page.get_by_role("region", name="Controls of the world")
        expect(controls.locator(".state")).to_have_text("running", timeout=WAIT_MS)
        shown.choose("Studio", "Open Dashboard")
        expect(in_dashboard(page).get_by_role("tab", name="System")).to_be_visible(timeout=WAIT_MS)
        dock_above(page, "evening.ipynb")
        in_dashboard(page).get_by_role("tab", name="Sagas").click()
        trouble(page, controls)
        save(page.screenshot(), "lab")


def in_dashboard(page: Page) -> FrameLocator:
    """Return what the dashboard's tab shows."""
    return page.frame_locator(".studio-Dashboard iframe")


def dock_above(page: Page, title: str) -> None:
    """Drag a tab to the upper half of the main area."""
    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=re.compile(f"^{title}")).bounding_box()
    area = page.locator("#jp-main-dock-panel").bounding_box()
    assert tab is not None
    assert area is not None
    x, y = tab["x"] + 40, tab["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 60, steps=20)
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 80, steps=20)
    page.mouse.up()


def trouble(page: Page, controls: Locator) -> None:
    """Lose most messages to Inventory and crash it, until instances are stuck."""
    page.locator(".jp-WindowedPanel-outer").first.evaluate("(each) => { each.scrollTop = each.scrollHeight; }")
    controls.evaluate("(each) => each.scrollIntoView({ block: 'start' })")
    share = controls.get_by_label("Share of messages lost")
    share.focus()
    share.fill("80")
    controls.get_by_role("button", name="Crash", exact=True).click()
    stuck = in_dashboard(page).get_by_role("grid").get_by_role("row").filter(has_text="stuck")
    expect(stuck.nth(3)).to_be_visible(timeout=WAIT_MS)
    page.mouse.move(640, 300)


def main() -> None:
    """Make all pictures."""
    PLACE.mkdir(exist_ok=True)
    with chromium() as browser:
        views(browser)
        with tempfile.TemporaryDirectory() as folder, lab_server_in(Path(folder)) as server:
            lab(browser, server)


if __name__ == "__main__":
    main()
