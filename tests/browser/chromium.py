"""A headless Chromium that may only speak to this machine, and a record of what went wrong in its pages."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket, expect, sync_playwright

__all__ = ["Watch", "abroad", "chromium", "find_chromium", "pages_of", "reason_to_skip"]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,Translate,MediaRouter,InterestFeedContentSuggestions",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
_HERE = re.compile(r"^(?:(?:https?|wss?)://(?:localhost|127\.0\.0\.1)(?:[:/?#]|$)|data:|blob:|about:)")
_ABROAD = re.compile(r"^(?!(?:https?|wss?)://(?:localhost|127\.0\.0\.1)(?:[:/?#]|$))(?:https?|wss?|ftp)://")
TIMEOUT_MS = 60_000
"""Longest wait for anything in a page: machines that test are busy."""
expect.set_options(timeout=TIMEOUT_MS)


def find_chromium() -> Path | None:
    """Return Debian's Chromium, or one like it; None where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return None if found is None else Path(found)


def reason_to_skip() -> str:
    """Say why browser tests cannot run here; empty where they can.

    In CI they must run, so the reason is empty there too, and a missing browser is a failure.
    """
    if find_chromium() is not None or os.environ.get("CI"):
        return ""
    return "no Chromium on this machine: install Debian's `chromium`, as .ci/run does"


def abroad(url: str) -> bool:
    """Say whether an address is another machine's."""
    return _HERE.match(url) is None


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium; it ends with the block."""
    file = find_chromium()
    if file is None:
        raise FileNotFoundError("no Chromium on PATH: install Debian's `chromium`, as .ci/run does")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=file, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What went wrong in the pages of one test.

    Attributes:
        requests: Addresses of other machines that a page asked for.
        errors: What pages wrote to the console as errors, and what they let escape.
    """

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str, *, reason: str) -> None:
        """Let errors pass that a pattern is found in, for a reason that is none of ours."""
        assert reason, "say why this error is none of ours"
        self._allowed.append(re.compile(pattern))

    def begin(self, context: BrowserContext) -> None:
        """Watch every page of a context, and keep it from other machines."""
        context.route(_ABROAD, lambda route: route.abort())
        context.on("request", lambda request: self._request(request.url))
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(f"uncaught: {error.error}"))
        context.on("page", lambda page: page.on("websocket", self._socket))

    @property
    def complaints(self) -> list[str]:
        """What a test fails for."""
        errors = [error for error in self.errors if not any(allowed.search(error) for allowed in self._allowed)]
        return [*(f"left this machine: {url}" for url in self.requests), *errors]

    def _request(self, url: str) -> None:
        if abroad(url):
            self.requests.append(url)

    def _socket(self, socket: WebSocket) -> None:
        self._request(socket.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")


@contextmanager
def pages_of(
    browser: Browser, watch: Watch, *, width: int = 1280, height: int = 800, is_dark: bool = False
) -> Iterator[Page]:
    """Open a page in a context of its own: no cookies, no storage, no cache of another test."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if is_dark else "light",
        service_workers="block",
        reduced_motion="reduce",
    )
    try:
        context.set_default_timeout(TIMEOUT_MS)
        watch.begin(context)
        yield context.new_page()
    finally:
        context.close()
