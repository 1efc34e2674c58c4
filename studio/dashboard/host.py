"""Run one web server in a thread of its own, for all dashboards of the process.

The thread is a daemon with a loop of its own: it answers while a cell blocks the kernel, and ends with the process.
"""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from bokeh.application.handlers.function import FunctionHandler
from bokeh.server.server import BaseServer
from panel.io.application import Application
from panel.io.resources import COMPONENT_PATH
from panel.io.server import ComponentResourceHandler  # this module teaches Bokeh's server Panel's pages
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from studio.dashboard.gate import Gate, GuardedTornado
from studio.dashboard.taking_away import Parcels, TakeAway
from studio.errors import AddressInUse

__all__ = ["Host"]

_UNUSED_MS = 60_000  # a session outlives its browser that long: a laptop that sleeps for a moment finds it again


class Host:
    """A server that shows a page to every browser that is let in.

    Args:
        make_page: Fills a new browser session's document.
        host: Address to listen on.
        port: Port; 0 for one that is free.
        origins: Further sites whose pages may hold the dashboard.

    Raises:
        AddressInUse: It cannot listen there.
    """

    def __init__(
        self, make_page: Callable[[Any], None], *, host: str = "127.0.0.1", port: int = 0, origins: tuple[str, ...] = ()
    ) -> None:
        self.gate, self.parcels = Gate(origins), Parcels()
        self._make_page = make_page
        self._sockets = _bound(host, port)
        self.host, self.port = host, int(self._sockets[0].getsockname()[1])
        self.gate.for_port(self.port)
        self._loop = asyncio.new_event_loop()
        self._up: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="studio-dashboard", daemon=True)
        self._thread.start()
        self._up.result()
        atexit.register(self.stop)

    @property
    def is_running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def call(self, act: Callable[[], Any]) -> None:
        """Do something in the server's thread, some time soon."""
        self._loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        """End the server and wait until nothing of it is left; a second time does nothing."""
        atexit.unregister(self.stop)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    # -- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server, http = self._serve()
        except BaseException as error:  # noqa: BLE001 - told in the thread that waits for the server
            self._up.set_exception(error)
            self._loop.close()
            return
        self._loop.call_soon(self._up.set_result, None)
        try:
            self._loop.run_forever()
        finally:
            server.stop(wait=False)
            self._loop.run_until_complete(self._end(server, http))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            IOLoop.current(instance=False)
            self._loop.close()

    def _serve(self) -> tuple[BaseServer, HTTPServer]:
        tornado = GuardedTornado(
            {"/": Application(FunctionHandler(self._make_page))},
            self.gate,
            extra_patterns=[
                (f"/{COMPONENT_PATH}(.*)", ComponentResourceHandler, {}),
                (r"/take/([0-9a-f]+)", TakeAway, {"parcels": self.parcels}),
            ],
            unused_session_lifetime_milliseconds=_UNUSED_MS,
            use_index=False,
        )
        http = HTTPServer(tornado, xheaders=False)
        http.add_sockets(self._sockets)
        server = BaseServer(IOLoop.current(), tornado, http)
        server.start()
        return server, http

    async def _end(self, server: BaseServer, http: HTTPServer) -> None:
        """Close connections and sessions, then wait for what is still under way."""
        for session in server.get_sessions():
            session.destroy()
        await http.close_all_connections()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _bound(host: str, port: int) -> list[socket.socket]:
    try:
        return list(bind_sockets(port, host, family=socket.AF_INET if host == "127.0.0.1" else socket.AF_UNSPEC))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressInUse(host=host, port=port, reason=reason[:1].lower() + reason[1:]) from None
