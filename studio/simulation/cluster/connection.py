"""One HTTP connection of a simulated world, seen from both of its ends: ASGI for the service, httpx for the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from studio.runtime.answering import Asgi
from studio.runtime.statuses import Problem
from studio.simulation.virtual.loop import VirtualLoop

if TYPE_CHECKING:
    import httpx

__all__ = ["Connection", "EventStream", "scope_of"]

Message = MutableMapping[str, Any]


def scope_of(request: httpx.Request) -> dict[str, Any]:
    """Return the ASGI scope of a request, as a server makes it."""
    return {
        "type": "http",
        # Before 2.4 a response that streams asks `receive` whether the client has gone; later ones learn it by `send`.
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("world", 0),
        "server": ("world", 80),
        "state": {},
    }


class Connection:
    """A request's body on its way in, a response on its way out.

    Args:
        scope: ASGI's.
        body: Of the request.
        loop: The world's.
    """

    def __init__(self, scope: dict[str, Any], body: bytes, loop: VirtualLoop) -> None:
        self.scope, self.body = scope, body
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.content = bytearray()
        self.is_gone = False
        self.error: Exception | None = None
        self.leg_ns: Callable[[], int] | None = None
        self._loop, self._arrival_ns = loop, 0
        self._asked = False
        self._leaving: asyncio.Future[None] | None = None

    @property
    def asgi(self) -> Asgi:
        """Return the service's end."""
        return Asgi(self.scope, self.receive, self.send)

    @property
    def is_text(self) -> bool:
        """Whether the body can be shown."""
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return False
        return True

    # -- the service's end

    async def receive(self) -> Message:
        """Give the body, then wait until the client has gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.is_gone:
            self._leaving = self._leaving or self._loop.create_future()
            await asyncio.wait([self._leaving])
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the response; of a stream, each part travels by itself, in order."""
        if self.leg_ns is None:
            self._take(message)
            return
        self._arrival_ns = max(self._arrival_ns, self._loop.now_ns + self.leg_ns())
        self._loop.at(self._arrival_ns, self._loop.world.key, self._take, message)

    # -- the client's end

    def leave(self) -> None:
        """Close the connection: a stream's service learns it at once."""
        self.is_gone = True
        if self._leaving is not None and not self._leaving.done():
            self._leaving.set_result(None)

    def tell(self, problem: Problem) -> None:
        """Answer with a problem, without asking anybody."""
        self.status, self.content = problem.status, bytearray(problem.body)
        headers = {"content-type": "application/json", **problem.headers}
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    def response(self, request: httpx.Request) -> httpx.Response:
        """Return the response as a client sees it."""
        import httpx

        return httpx.Response(self.status, headers=self.headers, content=bytes(self.content), request=request)

    def _take(self, message: Message) -> None:
        if self.is_gone:
            return
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.content += message.get("body", b"")


class EventStream:
    """An open stream of events: what has come so far.

    Args:
        connection: To the service.
        leave: Closes it, by way of the world's own acts.
    """

    def __init__(self, connection: Connection, leave: Callable[[], object] | None = None) -> None:
        self._connection = connection
        self._leave = connection.leave if leave is None else leave

    @property
    def status_code(self) -> int:
        """Return the response's status; 0 while nothing has come."""
        return self._connection.status

    @property
    def text(self) -> str:
        """Return everything that has come, as it came."""
        return self._connection.content.decode()

    @property
    def events(self) -> list[Any]:
        """Return the data of the events that have come, decoded.

        Raises:
            httpx.ConnectError: The service was down when the stream was opened.
        """
        if self._connection.error is not None:
            raise self._connection.error
        return [_data(block) for block in self.text.split("\n\n") if _data(block) is not None]

    def close(self) -> None:
        """Close the stream; its service learns it when time passes."""
        self._leave()


def _data(block: str) -> Any:
    """Return the data of one event; None for a comment that only keeps the connection open."""
    lines = [line.removeprefix("data:").removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
    return json.loads("\n".join(lines)) if lines else None
