"""Open a page of the dashboard, and take files away from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

SLOW_MS: Final = 60_000
"""The first page loads Panel in the server's thread."""


def opened(page: Page, url: str) -> Page:
    """Open a link and wait until its tab is built."""
    page.goto(url)
    expect(page.get_by_role("tablist", name="Views")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("#studio-loading")).to_be_hidden(timeout=SLOW_MS)
    return page


def taken(page: Page, item: str, folder: Path) -> Path:
    """Take a file away by the export menu."""
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=SLOW_MS) as download:
        page.get_by_role("menuitem", name=item, exact=True).click()
    into = folder / download.value.suggested_filename
    download.value.save_as(into)
    return into
