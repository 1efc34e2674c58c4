"""Answer browsers: Bokeh's server behind the gate, on the running loop; importing this loads Panel."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from bokeh.application.handlers.function import FunctionHandler
from bokeh.server.server import BaseServer
from panel.io.application import Application
from panel.io.resources import COMPONENT_PATH
from panel.io.server import ComponentResourceHandler  # this module teaches Bokeh's server Panel's pages
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError

from studio.dashboard.gate import Gate
from studio.dashboard.guarded import GuardedTornado
from studio.dashboard.parcels import Parcels
from studio.dashboard.taking_away import TakeAway

__all__ = ["Web"]

_UNUSED_MS: Final = 60_000  # a session outlives its browser that long, unless the server ends
_FAREWELL_S: Final = 1.0
_CHATTY: Final = ("bokeh.server.views.ws", "panel.io.document")  # warn of every browser that goes while it is told


class Web:
    """What answers on one socket.

    Args:
        listening: Where browsers knock; it is closed with the rest.
        gate: Who may come in.
        parcels: Files that wait to be fetched.
        make_page: Fills a new browser session's document.
    """

    def __init__(
        self, listening: socket.socket, gate: Gate, parcels: Parcels, make_page: Callable[[Any], None]
    ) -> None:
        self._tornado = GuardedTornado(
            {"/": Application(FunctionHandler(make_page))},  # type: ignore[no-untyped-call]  # Panel says nothing of it
            gate,
            extra_patterns=[
                (f"/{COMPONENT_PATH}(.*)", ComponentResourceHandler, {}),
                (r"/take/([0-9a-f]+)", TakeAway, {"parcels": parcels}),
            ],
            unused_session_lifetime_milliseconds=_UNUSED_MS,
            use_index=False,
        )
        self._http = HTTPServer(self._tornado)
        self._http.add_sockets([listening])
        self._server = BaseServer(IOLoop.current(), self._tornado, self._http)
        self._server.start()
        asyncio.get_running_loop().set_exception_handler(_tell)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.ERROR)

    async def close(self) -> None:
        """Close the socket, tell the browsers, and let go of what their sessions hold."""
        sessions = self._server.get_sessions()
        self._server.stop(wait=False)
        for each in self._tornado.sockets:
            each.close(1001, "the dashboard was closed")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._tornado.nobody.wait(), _FAREWELL_S)
        for session in sessions:
            session.destroy()
        await self._http.close_all_connections()


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of what nobody caught, unless it is that a browser has gone."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)
