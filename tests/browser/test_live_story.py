"""The whole story in a real JupyterLab: a world at ten times real time, loss, a crash, a stuck saga's waterfall.

Every step waits for what it needs: a state that the page shows, or virtual time, which the world itself paces.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.lab_page import KERNEL_MS, LabPage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.jupyter_server import LabServer

LAST = "world.controls()"
UNITS_MS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}

_SECONDS = r"""() => {
  const scales = { h: 3600, min: 60, m: 60, s: 1, ms: 1e-3, "µs": 1e-6, ns: 1e-9 };
  const parts = document.querySelector(".wc .now").textContent.matchAll(/([\d.]+) ?(h|min|ms|m|s|µs|ns)/g);
  return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * scales[unit], 0);
}"""


@pytest.fixture(scope="module")
def evening(root: Path) -> list[str]:
    """Cells of notebook 05, up to the controls."""
    notebook = json.loads((root / "notebooks/05-live.ipynb").read_text(encoding="utf-8"))
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return code[: code.index(LAST) + 1]


@dataclass(frozen=True, slots=True)
class Story:
    """What an engineer does and sees, a step each."""

    lab: LabPage

    @property
    def page(self) -> Page:
        """The page, which is never loaded again."""
        return self.lab.page

    @property
    def controls(self) -> Locator:
        """The controls in the cell."""
        return self.page.get_by_role("region", name="Controls of the world")

    @property
    def faults(self) -> Locator:
        """The faults in force, in the controls."""
        return self.controls.get_by_role("region", name="Faults of this run")

    @property
    def pace(self) -> Locator:
        """The pace that is chosen."""
        return self.controls.get_by_role("group", name="Pace").locator("[aria-pressed=true]")

    @property
    def dashboard(self) -> FrameLocator:
        """What the dashboard's tab shows."""
        return self.page.frame_locator(".studio-Dashboard iframe")

    def begin_from_launcher(self) -> None:
        """Open a Studio notebook by its tile."""
        self.lab.open()
        self.page.evaluate("window.isTheSamePage = true")
        self.page.locator(".jp-LauncherCard", has_text="Studio notebook").click()
        self.lab.expect_told("Nothing is declared yet")

    def write_and_run(self, cells: list[str]) -> None:
        """Write cells and run each, without waiting for the one before."""
        for number, text in enumerate(cells, start=1):
            self.lab.active_cell.locator(".cm-content").click()
            self.page.keyboard.insert_text(text)
            self.page.keyboard.press("Shift+Enter")
            expect(self.lab.cells).to_have_count(number + 1)
        expect(self.controls.locator(".state")).to_have_text("running", timeout=KERNEL_MS)

    def virtual_s(self) -> float:
        """Virtual time that the controls show."""
        return float(self.page.evaluate(_SECONDS))

    def wait_for(self, virtual_s: float) -> None:
        """Let time go on, at the world's pace."""
        until = self.virtual_s() + virtual_s
        self.page.wait_for_function(f"(until) => ({_SECONDS})() >= until", arg=until, timeout=KERNEL_MS)

    def drag_loss_to(self, share: float) -> None:
        """Drag the slider with the mouse."""
        slider = self.controls.get_by_label("Share of messages lost")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        now = float(slider.input_value()) / 100
        thumb, y = 16, box["y"] + box["height"] / 2
        x = [box["x"] + thumb / 2 + (box["width"] - thumb) * each for each in (now, share)]
        self.page.mouse.move(x[0], y)
        self.page.mouse.down()
        self.page.mouse.move(x[1], y, steps=8)
        self.page.mouse.up()

    def open_dashboard(self) -> None:
        """Open its tab from Studio's menu."""
        self.lab.choose("Studio", "Open Dashboard")
        expect(self.dashboard.get_by_role("tab", name="System")).to_be_visible(timeout=KERNEL_MS)

    def go_to(self, place: str) -> None:
        """Go to the notebook, or to its dashboard."""
        self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=re.compile(f"^{place}")).click()

    def turn_to(self, tab: str) -> None:
        """Open a tab of the dashboard."""
        self.dashboard.get_by_role("tab", name=tab).click()
        expect(self.dashboard.get_by_role("tabpanel", name=tab)).to_be_visible(timeout=KERNEL_MS)
        expect(self.dashboard.locator("#studio-loading")).to_be_hidden(timeout=KERNEL_MS)

    def rows(self, state: str) -> Locator:
        """Saga instances in a state, of those on screen."""
        return self.dashboard.get_by_role("grid", name="Saga instances").get_by_role("row").filter(has_text=state)

    @property
    def latency(self) -> Locator:
        """The latency of calls in words."""
        return self.dashboard.get_by_role("list", name=re.compile("^Calls take"))

    def p99_ms(self) -> tuple[float, float, float]:
        """The latest 99th percentile of the latency of calls, the least and the greatest so far."""
        told = self.latency.get_attribute("aria-label", timeout=KERNEL_MS) or ""
        found = re.search(r"p99 latest ([^,]+), (.+?) to (.+)$", told)
        assert found is not None, told
        latest, least, greatest = (float(value) * UNITS_MS[unit] for value, unit in map(str.split, found.groups()))
        return latest, least, greatest

    def wait_for_p99(self, condition: Callable[[float], bool]) -> None:
        """Wait until the latest 99th percentile is as wanted."""
        until = time.monotonic() + KERNEL_MS / 1000
        while not condition(self.p99_ms()[0]):
            assert time.monotonic() < until, self.p99_ms()
            self.page.wait_for_timeout(200)


@pytest.fixture
def story(page: Page, lab_server: LabServer) -> Story:
    """The story, not begun yet."""
    return Story(LabPage(page, lab_server))


def test_from_the_launcher_to_the_waterfall_of_a_stuck_saga(story: Story, evening: list[str]) -> None:
    story.begin_from_launcher()
    story.write_and_run(evening)
    for name in ("Inventory", "$.Payment.charge", "OrderProcessing", "evening"):
        expect(story.lab.line(name)).to_be_visible(timeout=KERNEL_MS)
    expect(story.pace).to_have_text("10×")
    story.wait_for(virtual_s=20)

    story.drag_loss_to(0.8)
    expect(story.faults).to_contain_text("each request of Inventory is lost", timeout=KERNEL_MS)
    story.controls.get_by_role("button", name="Crash", exact=True).click()
    expect(story.controls.locator(".told.good")).to_contain_text("Inventory/1 crashed", timeout=KERNEL_MS)

    story.open_dashboard()
    story.turn_to("Sagas")
    expect(story.rows("compensat").first).to_be_visible(timeout=KERNEL_MS)
    expect(story.rows("stuck").first).to_be_visible(timeout=KERNEL_MS)
    story.turn_to("Metrics")
    calm_ms, trouble_ms = story.p99_ms()[1:]
    assert trouble_ms > 5 * calm_ms

    story.go_to("Untitled")
    story.drag_loss_to(0)
    expect(story.faults).to_contain_text("No fault is in force", timeout=KERNEL_MS)
    story.go_to("Dashboard")
    story.wait_for_p99(lambda latest_ms: latest_ms < trouble_ms / 5)

    story.turn_to("Sagas")
    story.rows("stuck").first.click()
    story.dashboard.get_by_role("link", name=re.compile(r"^Trace \d+$")).first.click()
    waterfall = story.dashboard.locator(".wf svg")
    expect(waterfall.locator("[data-span]").filter(has_text="Inventory.release").first).to_be_visible(timeout=KERNEL_MS)
    expect(waterfall).to_contain_text("timeout")
    assert story.page.evaluate("window.isTheSamePage")
