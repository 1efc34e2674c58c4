"""Widgets in a real JupyterLab: controls that act on a running world, an explorer, work that its button cancels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.jupyter_server import LabServer
from tests.browser.lab_page import KERNEL_MS, LabPage

SHOP = """%%contracts shop
class Order(Contract):
    id: str
    total: Decimal
    urgent: bool = False

event($.Order.created, Order, key="id")
"""
STOCK = """%%service Stock --replicas 2
@service.operation($.Stock.reserve)
async def reserve(order: Order) -> Order:
    return order
"""
BUSY = """%%scenario busy --duration 30s
workload($.Stock.reserve, like=Order, rate_per_s=5)
"""
PROMISE = "%%invariant none\nselect * from messages where false\n"
PLAY = """world = studio.world(seed=7, scenario="busy", play=True)
world.start(speed=10)
world.controls()"""

pytestmark = [pytest.mark.usefixtures("watch"), pytest.mark.slow]  # the live story drives the controls, too


@pytest.fixture
def played(lab_server: LabServer, page: Page) -> Callable[..., LabPage]:
    """Open a notebook of the shop and some more cells, and run all of it but the last so many."""

    def play(name: str, *cells: str) -> LabPage:
        lab_server.write(name, SHOP, STOCK, BUSY, PROMISE, "import studio", *cells)
        lab = LabPage(page, lab_server)
        lab.open(name)
        expect(page.get_by_text("Studio (Python 3) | Idle")).to_be_visible(timeout=KERNEL_MS)
        lab.choose("Run", "Run All Cells")
        return lab

    return play


def output(lab: LabPage, cell: int) -> Locator:
    return lab.cells.nth(cell).locator(".jp-OutputArea")


def test_controls_act_on_a_world_that_runs(played: Callable[..., LabPage]) -> None:
    lab = played("controls.ipynb", PLAY)
    controls = output(lab, 5).locator(".wc")
    expect(controls.locator(".state")).to_have_text("running", timeout=KERNEL_MS)
    share = controls.get_by_label("Share of messages lost")
    share.focus()
    share.press("End")
    expect(controls.locator("ul").first).to_contain_text("each request of Stock is lost", timeout=KERNEL_MS)
    expect(controls.locator("[data-strikes]").first).to_contain_text("struck", timeout=KERNEL_MS)
    controls.get_by_role("button", name="Undo").click()
    expect(controls.get_by_text("No fault is in force.")).to_be_visible(timeout=KERNEL_MS)
    controls.get_by_role("button", name="Pause").click()
    expect(controls.locator(".state")).to_have_text("paused", timeout=KERNEL_MS)


def test_a_message_is_sent_by_a_form_of_its_contract(played: Callable[..., LabPage]) -> None:
    lab = played("message.ipynb", "world = studio.world(seed=7)\nworld.controls()")
    controls = output(lab, 5).locator(".wc")
    controls.get_by_role("tab", name="Send a message").click(timeout=KERNEL_MS)
    form = controls.locator(".mf")
    form.get_by_role("button", name="Send", exact=True).click()
    expect(form.locator(".wrong:visible").first).to_contain_text("decimal", timeout=KERNEL_MS)
    form.get_by_role("button", name="Example").click()
    expect(form.get_by_label("total")).not_to_have_value("", timeout=KERNEL_MS)
    form.get_by_role("button", name="Send", exact=True).click()
    expect(form.locator(".told")).to_contain_text("Stock.reserve answered", timeout=KERNEL_MS)


def test_a_campaign_is_cancelled_by_its_button_and_keeps_what_it_found(played: Callable[..., LabPage]) -> None:
    lab = played("campaign.ipynb", "%simulate busy --seeds 5000")
    shown = output(lab, 5)
    shown.get_by_role("button", name="Cancel", exact=True).click(timeout=KERNEL_MS)
    expect(shown).to_contain_text("Stopped by hand", timeout=KERNEL_MS)
    expect(shown.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)


def test_a_run_is_explored(played: Callable[..., LabPage]) -> None:
    lab = played("explorer.ipynb", 'studio.simulate("busy", seed=3).explorer()')
    shown = output(lab, 5)
    shown.locator(".rl tbody tr").first.click(timeout=KERNEL_MS)
    expect(shown.locator(".wf svg")).to_be_visible(timeout=KERNEL_MS)
    shown.get_by_role("tab", name="System").click()
    expect(shown.locator(".sg svg")).to_be_visible(timeout=KERNEL_MS)
