"""%dashboard: a frame and a link over the kernel's log, at no cost until a browser asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from studio.errors import BadOption, UnknownTab
from studio.notebook.arguments import MAGICS, parse_arguments
from studio.notebook.dashboard_frame import DashboardFrame, is_proxied, show_dashboard, stop_dashboards
from studio.simulation.logbook import set_default_log


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    stop_dashboards()
    set_default_log(None)


def test_frame_shows_the_page_and_a_link_to_it() -> None:
    frame = show_dashboard(tab="traces", run=3, height=400)
    assert frame.url.startswith("http://localhost:")
    assert "tab=traces&run=3&token=" in frame.url
    html = frame._repr_html_()
    assert html.count(frame.url.replace("&", "&amp;")) == 2
    assert "height: 400px" in html


def test_the_same_log_is_one_dashboard_and_another_log_another() -> None:
    first, again = show_dashboard(), show_dashboard()
    set_default_log(None)
    other = show_dashboard()
    assert first == again
    assert "feed=2" in other.url


def test_stopping_leaves_nothing() -> None:
    show_dashboard()
    assert stop_dashboards() == 1
    assert stop_dashboards() == 0
    assert [thread for thread in threading.enumerate() if thread.name == "studio-dashboard"] == []


def test_a_hub_is_gone_through_by_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert show_dashboard(proxy=True).url.startswith("/user/ada/proxy/")


@pytest.mark.parametrize(("host", "hub", "has_proxy", "expected"), [
    ("localhost", "", True, False), ("", "", True, False), ("lab.example", "", True, True),
    ("lab.example", "", False, False), ("localhost", "/user/ada/", True, True),
    ("hub.example", "/user/ada/", False, False),
])  # fmt: skip
def test_a_lab_elsewhere_is_gone_through_where_it_has_a_proxy(
    host: str, hub: str, *, has_proxy: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    if hub:
        monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", hub)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object() if has_proxy else None)
    assert is_proxied(host) is expected


def test_links_are_escaped() -> None:
    assert '"><script>' not in DashboardFrame('http://localhost/?x="><script>')._repr_html_()


def test_a_tab_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(UnknownTab, match="tab=trace is none"):
        show_dashboard(tab="trace")


def test_a_height_must_leave_something_to_see() -> None:
    with pytest.raises(BadOption, match="200 or more"):
        parse_arguments(MAGICS["dashboard"], "--height 20")
