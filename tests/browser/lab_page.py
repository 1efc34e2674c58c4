"""Drive JupyterLab as a person does: open, run, look at the sidebar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.jupyter_server import LabServer

__all__ = ["KERNEL_MS", "LabPage"]

KERNEL_MS = 60_000
"""Longest wait for a kernel to start, or for a cell to end, on a machine that is busy with other tests."""


@dataclass(frozen=True, slots=True)
class LabPage:
    """A page on which JupyterLab is open."""

    page: Page
    server: LabServer

    def open(self, notebook: str = "") -> None:
        """Load Lab on a notebook, or on its launcher, with Studio's sidebar shown."""
        self.page.goto(self.server.url(notebook))
        first = ".jp-Notebook .jp-Cell" if notebook else ".jp-LauncherCard"
        self.page.locator(first).first.wait_for(timeout=KERNEL_MS)
        if not self.sidebar.is_visible():
            self.page.locator(".jp-SideBar [data-id=studio-sidebar]").click()

    def open_beside(self, notebook: str) -> None:
        """Open one more notebook from the file browser, and go back to Studio's sidebar."""
        self.page.locator(".jp-SideBar [data-id=filebrowser]").click()
        self.page.locator(f".jp-DirListing-item[title*='{notebook}']").dblclick()
        self.page.locator(".jp-SideBar [data-id=studio-sidebar]").click()

    @property
    def sidebar(self) -> Locator:
        """Studio's sidebar."""
        return self.page.locator("#studio-sidebar")

    @property
    def notebook(self) -> Locator:
        """The notebook that is shown."""
        return self.page.locator(".jp-NotebookPanel:visible .jp-Notebook")

    @property
    def cells(self) -> Locator:
        """The cells of the notebook that is shown."""
        return self.notebook.locator(".jp-Cell")

    def tab(self, name: str) -> Locator:
        """A tab of the main area, by its whole name."""
        return self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=re.compile(rf"^{re.escape(name)}$"))

    @property
    def active_cell(self) -> Locator:
        """The selected cell."""
        return self.notebook.locator(".jp-Cell.jp-mod-active")

    def item(self, name: str) -> Locator:
        """A row of the sidebar's tree, by the name that it shows."""
        shown = self.page.locator(".studio-Tree-name", has_text=re.compile(rf"^{re.escape(name)}$"))
        return self.sidebar.locator(
            "[role=treeitem]", has=self.page.locator(":scope > .studio-Tree-line").filter(has=shown)
        )

    def line(self, name: str) -> Locator:
        """The line of such a row, which is clicked."""
        return self.sidebar.locator(".studio-Tree-name", has_text=re.compile(rf"^{re.escape(name)}$"))

    def expect_told(self, text: str) -> None:
        """Wait until the sidebar says something."""
        expect(self.sidebar).to_contain_text(text, timeout=KERNEL_MS)

    def choose(self, *menu: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.locator("li.lm-MenuBar-item", has_text=re.compile(f"^{menu[0]}$")).click()
        for name in menu[1:]:
            self.page.locator("li.lm-Menu-item:visible").filter(
                has_text=re.compile(rf"^{re.escape(name)}")
            ).first.click()

    def run_all(self) -> None:
        """Run every cell, and wait until the last one has been counted."""
        self.choose("Run", "Run All Cells")
        expect(self.cells.last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=KERNEL_MS)

    def restart_kernel(self) -> None:
        """Restart the kernel, and say yes."""
        self.choose("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
