"""Studio in JupyterLab, as a person meets it: launcher, sidebar, findings at cells, several notebooks and kernels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import KERNEL_MS, LabPage

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.chromium import Watch
    from tests.browser.jupyter_server import LabServer

UNDOING = "@book_carrier.compensation"


@pytest.fixture
def lab(page: Page, lab_server: LabServer, watch: Watch) -> LabPage:
    """JupyterLab, not opened yet."""
    watch.allow("Could not restore the debugger", reason="JupyterLab's debugger asks a kernel that is restarting")
    return LabPage(page, lab_server)


@pytest.fixture(scope="module")
def parcels(root: Path) -> list[str]:
    """The cells that commands insert: together a system with a scenario."""
    folder = root / "studio/lab/templates"
    kinds = ("contracts", "service", "saga", "scenario")
    return [(folder / f"{kind}.txt").read_text(encoding="utf-8").rstrip() for kind in kinds]


def test_from_the_launcher_to_a_declared_service_past_a_restart_and_a_death(lab: LabPage) -> None:
    lab.open()
    lab.page.locator(".jp-LauncherCard", has_text="Studio notebook").click()
    lab.expect_told("Nothing is declared yet")
    lab.sidebar.get_by_role("button", name="New service cell").click()
    expect(lab.active_cell).to_contain_text("%%service Shipping")
    lab.page.keyboard.press("Control+Enter")
    expect(lab.line("$.Shipping.book")).to_be_visible(timeout=KERNEL_MS)
    expect(lab.line("Shipping")).to_be_visible()
    lab.restart_kernel()
    lab.expect_told("Nothing is declared yet")
    lab.cells.first.click()
    lab.page.keyboard.press("Shift+Enter")  # a new cell follows, and is written in
    expect(lab.line("$.Shipping.book")).to_be_visible(timeout=KERNEL_MS)
    lab.page.keyboard.type("import os; os._exit(1)")
    lab.page.keyboard.press("Control+Enter")
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Ok").click(timeout=KERNEL_MS)
    lab.expect_told("Nothing is declared yet")


def test_findings_jumps_keys_and_runs(lab: LabPage, parcels: list[str]) -> None:
    contracts, service, saga, scenario = parcels
    lab.server.write("shop.ipynb", contracts, service, saga.replace(UNDOING, "# nothing undoes it"), scenario)
    lab.open("shop.ipynb")
    lab.expect_told("Nothing is declared yet")
    lab.run_all()
    marker = lab.cells.nth(2).locator(".studio-Marker")
    expect(marker).to_contain_text("1 warning", timeout=KERNEL_MS)
    marker.locator("summary").click()
    expect(marker).to_contain_text("has an effect that nothing undoes")

    lab.line("book_carrier").click()
    expect(lab.active_cell).to_contain_text("%%saga Delivery")
    lab.line("Shipping").click()
    expect(lab.active_cell).to_contain_text("%%service Shipping")

    lab.sidebar.get_by_role("searchbox").fill("busy")
    expect(lab.sidebar.get_by_role("treeitem")).to_have_count(2)
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Enter")
    expect(lab.active_cell).to_contain_text("%%scenario busy_hour")

    for _ in range(2):  # the second time it is the same cell
        lab.sidebar.get_by_role("button", name="Run busy_hour").click()
        expect(lab.sidebar.locator(".studio-Tree-outcome")).to_have_text(re.compile("held · seed 0"), timeout=KERNEL_MS)
        expect(lab.cells).to_have_count(5)
    expect(lab.cells.nth(4)).to_contain_text("%simulate busy_hour")
    marker.get_by_role("button", name="Hide until they change").click()
    expect(marker).to_have_count(0)


def test_each_notebook_has_its_own_and_a_kernel_without_studio_says_what_to_do(
    lab: LabPage, parcels: list[str]
) -> None:
    lab.server.write("first.ipynb", parcels[1])
    lab.server.write("plain.ipynb", "answer = 42", kernel="python3")
    lab.open("first.ipynb")
    lab.expect_told("Nothing is declared yet")
    lab.run_all()
    expect(lab.line("Shipping")).to_be_visible(timeout=KERNEL_MS)

    lab.open_beside("plain.ipynb")
    lab.expect_told("Studio is not loaded in this kernel")
    lab.sidebar.get_by_role("button", name="Load it").click()
    lab.expect_told("Nothing is declared yet")
    expect(lab.cells.first).to_contain_text("%load_ext studio")

    lab.tab("first.ipynb").click()
    expect(lab.line("Shipping")).to_be_visible()
    lab.tab("first.ipynb").locator(".lm-TabBar-tabCloseIcon").click()
    lab.page.get_by_role("button", name="Discard").click()
    lab.expect_told("Nothing is declared yet")


def test_the_dashboard_opens_as_a_tab_and_finds_a_restarted_kernel(lab: LabPage, parcels: list[str]) -> None:
    lab.server.write("dashboard.ipynb", *parcels, "%simulate busy_hour --duration 1m")
    lab.open("dashboard.ipynb")
    lab.expect_told("Nothing is declared yet")
    lab.run_all()
    lab.choose("Studio", "Open Dashboard")
    shown = lab.page.frame_locator(".studio-Dashboard iframe")
    expect(shown.get_by_role("tab", name="System")).to_be_visible(timeout=KERNEL_MS)
    expect(shown.locator("html")).to_have_attribute("data-theme", "light")
    first = lab.page.locator(".studio-Dashboard iframe").get_attribute("src")
    lab.tab("dashboard.ipynb").click()
    lab.restart_kernel()
    lab.tab("Dashboard: dashboard.ipynb").click()
    expect(lab.page.locator(".studio-Dashboard iframe")).not_to_have_attribute("src", first or "", timeout=KERNEL_MS)
    expect(shown.get_by_role("tab", name="System")).to_be_visible(timeout=KERNEL_MS)
    shown_at = lab.page.locator(".studio-Dashboard iframe").get_attribute("src")
    lab.tab("dashboard.ipynb").locator(".lm-TabBar-tabCloseIcon").click()
    lab.page.get_by_role("button", name="Discard").click()
    lab.expect_told("No notebook is open")
    expect(lab.page.locator(".studio-Dashboard iframe")).to_have_attribute("src", shown_at or "")  # its kernel lives


@pytest.mark.slow
def test_a_hunt_is_stopped_from_the_sidebar_and_a_run_that_failed_is_told(lab: LabPage, parcels: list[str]) -> None:
    wrong = "%%invariant wrong\nselect nothing_like_that from spans"
    lab.server.write("hunted.ipynb", *parcels)
    lab.open("hunted.ipynb")
    lab.expect_told("Nothing is declared yet")
    lab.run_all()
    lab.sidebar.get_by_role("button", name="Hunt busy_hour").click()
    lab.expect_told("hunting …")
    expect(lab.cells.last.get_by_role("button", name="Cancel")).to_be_visible()
    lab.sidebar.get_by_role("button", name="Stop busy_hour").click()
    expect(lab.sidebar.get_by_role("button", name="Hunt busy_hour")).to_be_visible()

    lab.cells.last.locator(".cm-content").click()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.insert_text(wrong)
    lab.page.keyboard.press("Control+Enter")
    expect(lab.line("wrong")).to_be_visible()
    lab.sidebar.get_by_role("button", name="Run busy_hour").click()
    expect(lab.sidebar.locator(".studio-Tree-outcome")).to_contain_text("it failed: STU605")
