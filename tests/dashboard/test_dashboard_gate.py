"""Who is let in: the link's token, then the cookie; pages, static files and websockets alike."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from studio.dashboard.dashboard_server import DashboardServer
    from tests.dashboard.conftest import Serve

SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "c3R1ZGlv",
}


@pytest.fixture
def server(serve: Serve) -> DashboardServer:
    return serve()


def ask(server: DashboardServer, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Ask for a path; give the answer's status, headers and text."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace") if answer.status != 101 else ""
        return answer.status, dict(answer.getheaders()), text
    finally:
        connection.close()


def cookie(server: DashboardServer) -> str:
    """Follow the link and return the cookie it gives."""
    parts = urlsplit(server.url())
    return ask(server, f"{parts.path}?{parts.query}")[1]["Set-Cookie"].partition(";")[0]


@pytest.mark.parametrize(
    "path", ["/", "/?token=wrong", "/static/js/bokeh.min.js", "/ws", "/take/00", "/autoload.js", "/components/x", "/no"]
)
def test_without_the_token_everything_is_refused_with_what_to_do(server: DashboardServer, path: str) -> None:
    status, _, text = ask(server, path)
    assert status == 403
    assert "%dashboard" in text


def test_a_link_gives_a_cookie_that_pages_cannot_read_and_goes_on_without_the_token(server: DashboardServer) -> None:
    parts = urlsplit(server.url(tab="traces"))
    status, headers, _ = ask(server, f"/?{parts.query}")
    assert (status, headers["Location"]) == (302, "?tab=traces")
    assert headers["Set-Cookie"].startswith(f"studio-dashboard-{server.port}=")
    assert "HttpOnly; SameSite=Strict" in headers["Set-Cookie"]


def test_in_a_frame_of_another_site_the_cookie_is_kept_to_that_frame(server: DashboardServer) -> None:
    query = urlsplit(server.url()).query
    _, headers, _ = ask(server, f"/?{query}", Sec_Fetch_Dest="iframe", Sec_Fetch_Site="cross-site")
    assert "SameSite=None; Secure; Partitioned" in headers["Set-Cookie"]


def test_with_the_cookie_the_page_comes_and_may_load_nothing_from_elsewhere(server: DashboardServer) -> None:
    status, headers, text = ask(server, "/", Cookie=cookie(server))
    assert (status, "studio-panel" in text) == (200, True)
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "cdn" not in text.lower()


def test_another_dashboards_cookie_does_not_open_this_one(server: DashboardServer) -> None:
    value = cookie(server).partition("=")[2]
    assert ask(server, "/", Cookie=f"studio-dashboard-1={value}")[0] == 403


def test_websocket_is_refused_without_the_cookie(server: DashboardServer) -> None:
    assert ask(server, "/ws", Origin=f"http://127.0.0.1:{server.port}", **SOCKET)[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1.evil.example", "null", ""])
def test_websocket_of_another_sites_page_is_refused_in_spite_of_the_cookie(
    server: DashboardServer, origin: str
) -> None:
    assert ask(server, "/ws", Origin=origin, Cookie=cookie(server), **SOCKET)[0] == 403


@pytest.mark.parametrize("origin", ["http://localhost:8888", "http://127.0.0.1:9", "http://[::1]:8888"])
def test_websocket_of_a_page_of_this_machine_is_let_through_the_gate(server: DashboardServer, origin: str) -> None:
    assert ask(server, "/ws", Origin=origin, Cookie=cookie(server), **SOCKET)[0] != 403


def test_a_named_site_may_hold_the_dashboard(serve: Serve) -> None:
    server = serve(origins=["https://hub.example"])
    status, _, _ = ask(server, "/ws", Origin="https://hub.example", Cookie=cookie(server), **SOCKET)
    assert status != 403
    assert "https://hub.example" in ask(server, "/")[1]["Content-Security-Policy"]
