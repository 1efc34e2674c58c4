"""Decide who may come in: nobody who was not given the link, be it to a page, a static file or a websocket.

A page that is opened by its link, with the token in the query, sets a cookie and sends the browser to the same address
without the token, so that it stays out of histories. From then on the cookie opens the door; only a link that a reader
copies on purpose, to share it, holds the token again. Cookies
are told apart by host and not by port, so the cookie's name holds the port: two kernels do not shut each other out.
"""

from __future__ import annotations

import secrets
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

__all__ = ["Gate"]

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_FRAMERS: Final = ("localhost", "127.0.0.1")


class Gate:
    """Who may come in.

    Args:
        port: On which the server listens.
        origins: Further sites whose pages may hold the dashboard, such as `https://hub.example`.
    """

    def __init__(self, port: int, origins: tuple[str, ...] = ()) -> None:
        self.token = secrets.token_urlsafe(24)
        self.origins: set[str] = set()
        self._framing = {"vscode-webview:"}
        self.cookie = f"studio-dashboard-{port}"
        self.admit(origins)

    def admit(self, origins: tuple[str, ...]) -> None:
        """Let pages of further sites hold the dashboard."""
        self.origins |= {_site(origin) for origin in origins}
        self._framing |= set(origins)

    def brings_token(self, request: HTTPServerRequest) -> bool:
        """Tell whether the link has the token."""
        return any(self._is_token(each) for each in request.query_arguments.get("token", ()))

    def brings_cookie(self, request: HTTPServerRequest) -> bool:
        """Tell whether the browser was let in before."""
        held = SimpleCookie()
        held.load(request.headers.get("Cookie", ""))
        return self.cookie in held and self._is_token(held[self.cookie].value.encode())

    def is_known_origin(self, request: HTTPServerRequest) -> bool:
        """Tell whether a page of this origin may open a websocket: the server's own, this machine's, a named one."""
        site = _site(request.headers.get("Origin", ""))
        return bool(site) and (
            site in self.origins or site == request.host.lower() or urlsplit(f"//{site}").hostname in _LOCAL
        )

    @property
    def policy(self) -> str:
        """What browsers may load and who may frame it: nothing leaves the server, nobody else's page holds it."""
        framers = " ".join(["'self'", *(f"http://{host}:*" for host in _FRAMERS), *sorted(self._framing)])
        return f"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors {framers}"

    def _is_token(self, given: bytes) -> bool:
        return secrets.compare_digest(given, self.token.encode())


def _site(origin: str) -> str:
    """Return host and port of an origin in small letters: `https://Hub.example:8000` is `hub.example:8000`."""
    return (urlsplit(origin).netloc if "//" in origin else origin).lower()
