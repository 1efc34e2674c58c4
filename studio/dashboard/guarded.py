"""Put the gate before everything that Bokeh's server answers, and give every answer its policy."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from bokeh.server.tornado import BokehTornado
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform, RequestHandler

from studio.dashboard.gate import Gate

__all__ = ["GuardedTornado"]

_REFUSAL: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Studio dashboard</title>
<meta name="color-scheme" content="light dark">
<body style="font: 15px/1.6 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em">
<h1 style="font-size: 1.3em">This link does not open the dashboard</h1><p>{reason}</p><ul>
<li>In a notebook, run <code>%dashboard</code> again and follow its link.</li>
<li>In a terminal, take the whole link that <code>studio dashboard</code> prints, with its token.</li></ul>
</body></html>
"""


class GuardedTornado(BokehTornado):
    """The server's handlers behind the gate."""

    def __init__(self, applications: Any, gate: Gate, **options: Any) -> None:
        self.gate = gate
        self.sockets: set[Any] = set()
        self.nobody = asyncio.Event()  # is set while no browser holds a websocket
        self.nobody.set()
        options |= {"extra_websocket_origins": ["*"], "transforms": [self._headers]}  # the gate looks at origins itself
        super().__init__(applications, **options)

    def new_connection(self, protocol: Any, socket: Any, application_context: Any, session: Any) -> Any:
        """Note a browser's websocket, so that it can be told when the server ends."""
        self.sockets.add(socket)
        self.nobody.clear()
        return super().new_connection(protocol, socket, application_context, session)

    def client_lost(self, connection: Any) -> None:
        """Forget the websockets that are closed."""
        super().client_lost(connection)
        self.sockets = {socket for socket in self.sockets if socket.connection not in (None, connection)}
        if not self.sockets:
            self.nobody.set()

    def _headers(self, request: HTTPServerRequest) -> _Headers:
        return _Headers(self.gate)

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """Return what answers a request: its own handler, or a refusal."""
        gate = self.gate
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if is_socket and not gate.is_known_origin(request):
            return self.get_handler_delegate(
                request, _Refusal, {"reason": "It was asked for by a page of another site."}
            )
        if not is_socket and gate.brings_token(request):
            return self.get_handler_delegate(request, _Welcome, {"gate": gate})
        if not gate.brings_cookie(request):
            reason = "It has no token, or one of a server that has ended since: a restarted kernel gives a new one."
            return self.get_handler_delegate(request, _Refusal, {"reason": reason})
        return super().find_handler(request, **options)


class _Headers(OutputTransform):
    """Give every answer the policy."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: FBT001 - Tornado's form
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the policy to an answer's headers."""
        headers["Content-Security-Policy"] = self._gate.policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        return status_code, headers, chunk


class _Refusal(RequestHandler):
    """Say that the door is shut, and what to do."""

    def initialize(self, reason: str) -> None:
        """Take why."""
        self._why = reason

    async def prepare(self) -> None:
        """Answer before any method of the request is looked at."""
        self.set_status(403)
        self.set_header("Cache-Control", "no-store")
        await self.finish(_REFUSAL.format(reason=self._why))

    def check_xsrf_cookie(self) -> None:
        """Refuse every method alike."""


class _Welcome(RequestHandler):
    """Hand out the cookie and go on without the token."""

    def initialize(self, gate: Gate) -> None:
        """Take the gate."""
        self._gate = gate

    def get(self) -> None:
        """Set the cookie."""
        parts = urlsplit(self.request.uri or "/")
        rest = urlencode([each for each in parse_qsl(parts.query, keep_blank_values=True) if each[0] != "token"])
        self.add_header("Set-Cookie", f"{self._gate.cookie}={self._gate.token}; HttpOnly; {self._site_rule}")
        self.set_header("Cache-Control", "no-store")
        self.redirect("?" + rest if rest else ".")

    @property
    def _site_rule(self) -> str:
        """Only this site's pages send the cookie; in a frame of another one, such as an editor's, that frame alone."""
        fetched = self.request.headers
        is_framed = fetched.get("Sec-Fetch-Dest") == "iframe" and fetched.get("Sec-Fetch-Site") == "cross-site"
        return "SameSite=None; Secure; Partitioned" if is_framed else "SameSite=Strict"
