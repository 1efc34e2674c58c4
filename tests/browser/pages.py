"""Open a page of the dashboard, and wait until it is built."""

from __future__ import annotations

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
