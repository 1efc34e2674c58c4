"""Run one web server in a thread of its own, for all dashboards of the process.

The thread is a daemon with a loop of its own: it answers while a cell blocks the kernel, and ends with the process. It
listens at once, but loads Panel, which takes seconds, only when the first browser knocks.
"""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.dashboard.gate import Gate
from studio.dashboard.parcels import Parcels
from studio.errors import AddressInUse
from studio.simulation.live.hurry import hurry

if TYPE_CHECKING:
    from studio.dashboard.web import Web

__all__ = ["Host"]


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
        self._make_page = make_page
        self._socket = _bound(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self.gate, self.parcels = Gate(self.port, origins), Parcels()
        self._web: Web | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="studio-dashboard", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    @property
    def is_running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the server and wait until nothing of it is left; a second time does nothing."""
        atexit.unregister(self.stop)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    # -- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        hurry()  # all pages wait for this thread
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._socket, self._open)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._end())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            self._loop.close()

    def _open(self) -> None:
        """Load what answers, now that somebody knocks; who knocks meanwhile waits in the socket's queue."""
        self._loop.remove_reader(self._socket)
        from studio.dashboard.web import Web

        self._web = Web(self._socket, self.gate, self.parcels, self._make_page)

    async def _end(self) -> None:
        if self._web is None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            return
        await self._web.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressInUse(host=host, port=port, reason=reason[:1].lower() + reason[1:]) from None
    made.setblocking(False)  # noqa: FBT003 - the socket module's form
    return made
