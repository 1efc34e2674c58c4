"""Where the dashboard is for a tab: an address of this machine, or a path that is joined to the Jupyter server's."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from studio.lab import dashboard_link
from studio.lab.dashboard_link import dashboard_url
from studio.notebook.dashboard_frame import stop_dashboards
from studio.simulation.logbook import set_default_log


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    stop_dashboards()
    set_default_log(None)


def test_a_lab_of_this_machine_is_told_an_address_under_the_name_it_goes_by() -> None:
    told = urlsplit(dashboard_url(host="localhost", theme="dark"))
    assert (told.scheme, told.hostname) == ("http", "localhost")
    assert parse_qs(told.query)["theme"] == ["dark"]


def test_a_lab_elsewhere_without_a_proxy_is_told_which_port_to_forward() -> None:
    assert urlsplit(dashboard_url(host="lab.example", origin="https://lab.example")).hostname == "127.0.0.1"


def test_a_lab_elsewhere_joins_the_path_with_its_own_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_link, "is_proxied", lambda _: True)
    told = dashboard_url(host="hub.example", theme="dark", origin="https://hub.example")
    joined = urlsplit(urljoin("https://hub.example/user/ada/", told))
    assert joined.netloc == "hub.example"
    assert joined.path.startswith("/user/ada/proxy/")
    assert parse_qs(joined.query).keys() == {"theme", "token"}
