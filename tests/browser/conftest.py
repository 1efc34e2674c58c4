"""A browser and a JupyterLab for tests; a page that leaves this machine or writes errors fails its test.

Chromium is begun anew for each file, since Playwright keeps an event loop in the test's thread while it runs, and the
tests of other files want that thread without one. JupyterLab is another process and stays for the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Watch, chromium, pages_of, reason_to_skip
from tests.browser.jupyter_server import LabServer, lab_server_in

OpenPage = Callable[..., Page]
"""Opens another page: `open_page(width=900, is_dark=True)`."""
PAGES = pytest.StashKey[ExitStack]()
"""Those that a test has open."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the tests of one file."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    with chromium() as started:
        yield started


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What goes wrong in the pages of a test; complaints fail it at its end."""
    watch = Watch()
    yield watch
    if watch.complaints:
        pytest.fail("\n".join(["a page did what it must not:", *watch.complaints]), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Close the pages before the server that they show ends, which they would complain of."""
    opened = item.stash.get(PAGES, None)
    if opened is not None:
        opened.close()


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Open pages, each in a context of its own; all are closed with the test."""
    with ExitStack() as opened:
        request.node.stash[PAGES] = opened
        yield lambda **options: opened.enter_context(pages_of(browser, watch, **options))


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page of 1280 by 800, light."""
    return open_page()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A real JupyterLab with a root of its own."""
    with lab_server_in(tmp_path_factory.mktemp("lab")) as server:
        yield server
