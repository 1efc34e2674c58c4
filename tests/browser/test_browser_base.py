"""The base of the browser tests itself: it sees what leaves this machine, and what a page complains about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import chromium as chromium_module
from tests.browser.chromium import Watch, abroad, find_chromium, reason_to_skip

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.jupyter_server import LabServer


@pytest.mark.parametrize(
    ("url", "is_abroad"),
    [
        ("http://localhost:8888/lab", False),
        ("ws://127.0.0.1:80/api", False),
        ("data:text/plain,x", False),
        ("blob:http://localhost/1", False),
        ("https://cdn.example/x.js", True),
        ("http://localhost.example/x", True),
        ("http://127.0.0.1.example/x", True),
        ("wss://news.example", True),
    ],
)
def test_only_addresses_of_this_machine_are_home(url: str, *, is_abroad: bool) -> None:
    assert abroad(url) is is_abroad


def test_a_missing_browser_skips_on_a_desk_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium_module, "NAMES", ())
    monkeypatch.delenv("CI", raising=False)
    assert find_chromium() is None
    assert "install" in reason_to_skip()
    monkeypatch.setenv("CI", "true")
    assert reason_to_skip() == ""


def test_requests_to_other_machines_and_errors_are_complaints(browser: Browser, tmp_path: Path) -> None:
    watch = Watch()
    with chromium_module.pages_of(browser, watch) as page:
        page.goto("about:blank")
        page.set_content("<img src='https://cdn.example/a.png'><script>throw new Error('escaped')</script>")
        page.evaluate("console.error('written'); console.error('allowed, since 7'); new WebSocket('wss://cdn.example')")
        page.wait_for_function("document.images[0].complete")
    watch.allow("since 7", reason="an example")
    text = "\n".join(watch.complaints)
    assert "left this machine: https://cdn.example/a.png" in text
    assert "left this machine: wss://cdn.example" in text
    assert "uncaught: escaped" in text
    assert "console: written" in text
    assert "since 7" not in text


@pytest.mark.slow  # the story of a live world opens it, too
def test_lab_opens_without_a_complaint(page: Page, lab_server: LabServer) -> None:
    page.goto(lab_server.url())
    expect(page.locator(".jp-LauncherCard").first).to_be_visible()
    assert lab_server.ask("/api/kernels") == []
