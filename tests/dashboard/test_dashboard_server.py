"""Serving: one server for all dashboards of a process, and nothing left of it afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from studio.dashboard.feed import Feed
from studio.errors import AddressInUse, UnknownTab
from studio.store import Log

if TYPE_CHECKING:
    from tests.dashboard.conftest import Serve


def page(url: str) -> str:
    """Open a link as a browser does, cookie and all."""
    with build_opener(HTTPCookieProcessor()).open(url, timeout=60) as answer:
        return str(answer.read().decode())


def served_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "studio-dashboard"]


def test_a_stopped_dashboard_leaves_no_thread_and_frees_its_port(serve: Serve) -> None:
    server = serve()
    assert "studio-panel" in page(server.url())
    server.stop()
    assert (served_threads(), server.is_running) == ([], False)
    again = serve(port=server.port)
    assert again.port == server.port


def test_a_dashboard_that_nobody_opened_is_stopped_as_well(serve: Serve) -> None:
    serve().stop()
    assert served_threads() == []


def test_stopping_twice_does_nothing(serve: Serve) -> None:
    server = serve()
    server.stop()
    server.stop()
    assert not server.is_running


def test_dashboards_of_a_process_share_a_server_that_ends_with_the_last(serve: Serve) -> None:
    first, second = serve(), serve(Feed.of_log(Log.memory()))
    assert first.port == second.port
    assert "feed=2" in second.url()
    first.stop()
    assert (first.is_running, second.is_running) == (False, True)
    assert "studio-panel" in page(second.url())
    second.stop()
    assert served_threads() == []


def test_the_same_feed_is_the_same_dashboard(serve: Serve) -> None:
    assert serve().url() == serve().url()


def test_link_of_a_closed_dashboard_says_so(serve: Serve) -> None:
    first, second = serve(), serve(Feed.of_log(Log.memory()))
    link = second.url()
    second.stop()
    assert "This dashboard was closed" in page(link)
    assert first.is_running


def test_a_port_that_is_taken_is_told(serve: Serve) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AddressInUse, match="address already in use"):
        serve(port=taken.getsockname()[1])


def test_a_link_to_no_tab_is_refused_with_those_there_are(serve: Serve) -> None:
    with pytest.raises(UnknownTab, match="system, traces"):
        serve().url(tab="trace")


def test_serving_loads_nothing_heavy_and_ends_with_the_process() -> None:
    program = (
        "import sys; from studio.store import Log; from studio.dashboard.feed import Feed;"
        "from studio.dashboard.dashboard_server import serve_dashboard;"
        "serve_dashboard(Feed.of_log(Log.memory())).url();"
        "print(sorted({'panel', 'bokeh', 'tornado', 'param'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
