"""A page on a running world whose browser sleeps, or is slow: nothing piles up for it, and it wakes to the newest."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import CDPSession, Page, WebSocket, expect

import studio
from studio.dashboard.dashboard_server import serve_dashboard
from studio.dashboard.feed import Feed
from studio.dashboard.page.session_page import SessionPage
from studio.simulation.world import World
from studio.store import Log
from tests.simulation.live.conftest import until

LOADED_MS = 60_000
LOOKS = 40
"""So often the server looks for news while the browser is away; to one that is awake it would tell most of them."""
ROUNDS_MAX = 2
"""What is told to one that is away: what was under way."""

pytestmark = pytest.mark.usefixtures("watch")


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world of the order system at thirty times real time, which has orders and no end."""
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    with studio.world(seed=3, system=system, log=Log.memory(), scenario="calm", play=True) as world:
        yield world.start(speed=30)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every look of the server for news, which are many."""
    made: list[float] = []
    look = SessionPage.look

    def counted(page: SessionPage) -> None:
        made.append(time.monotonic())
        look(page)

    monkeypatch.setattr(SessionPage, "look", counted)
    monkeypatch.setattr("studio.dashboard.page.session_page._TICK_MS", 50)
    monkeypatch.setattr("studio.dashboard.page.session_page._RESTS", 0)
    return made


@pytest.fixture
def told(page: Page, world: World, looks: list[float]) -> Iterator[list[str]]:
    """Every message that the server has sent to a page that shows the world's traces."""
    messages: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda message: messages.append(str(message)))

    page.on("websocket", listen)
    server = serve_dashboard(Feed.of_world(world))
    try:
        page.goto(server.url(tab="traces"))
        expect(page.locator("#studio-loading")).to_be_hidden(timeout=LOADED_MS)
        yield messages
    finally:
        server.stop()


def rounds(messages: list[str]) -> int:
    return sum('"attr":"told"' in each for each in messages)


def shown_s(page: Page) -> float:
    """Return the virtual seconds that the bar shows."""
    text = page.locator("#studio-bar .now").inner_text()
    units = {"h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)\s*(h|min|m|s)\b", text))


def wait(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until something has come about, while Playwright hears what the browser says."""

    def has_come() -> bool:
        page.wait_for_timeout(50)
        return is_so()

    until(has_come, limit_s=60)


def test_page_that_is_awake_is_told_again_and_again(page: Page, told: list[str]) -> None:
    wait(page, lambda: rounds(told) > 3 * ROUNDS_MAX)


def test_frozen_page_is_told_nothing_and_wakes_to_the_newest(
    page: Page, world: World, told: list[str], looks: list[float]
) -> None:
    browser: CDPSession = page.context.new_cdp_session(page)
    browser.send("Debugger.enable")
    browser.send("Debugger.pause")  # its script stands still, as in a tab that the browser freezes
    left, looked = rounds(told), len(looks)
    until(lambda: bool(browser.send("Browser.getVersion")) and len(looks) > looked + LOOKS, limit_s=60)
    assert rounds(told) - left <= ROUNDS_MAX
    woken_ns = world.now_ns
    browser.send("Debugger.disable")
    wait(page, lambda: shown_s(page) * 10**9 > woken_ns)


def test_hidden_page_is_told_nothing_and_wakes_to_the_newest(
    page: Page, world: World, told: list[str], looks: list[float]
) -> None:
    page.evaluate(_HIDE)
    left, looked = rounds(told), len(looks)
    wait(page, lambda: len(looks) > looked + LOOKS)
    assert rounds(told) - left <= ROUNDS_MAX
    woken_ns = world.now_ns
    page.evaluate(_SHOW)
    wait(page, lambda: shown_s(page) * 10**9 > woken_ns)


_HIDE = (
    "window.painted = requestAnimationFrame; window.requestAnimationFrame = (draw) => { window.kept = draw; return 1 }"
)
"""As the browser treats a tab that is hidden: nothing is painted."""
_SHOW = "window.requestAnimationFrame = window.painted; requestAnimationFrame(window.kept)"


def test_slow_page_shows_the_world_as_it_is(page: Page, world: World, told: list[str], looks: list[float]) -> None:
    browser: CDPSession = page.context.new_cdp_session(page)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": 20})
    wait(page, lambda: len(looks) > LOOKS)
    world.pause()
    wait(page, lambda: abs(shown_s(page) - world.now_ns / 1e9) < 1.0)
    assert rounds(told) < len(looks)
