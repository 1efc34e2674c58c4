"""A client outside the system, which asks services over HTTP: legs, faults and timeouts as a browser meets them.

A request to an endpoint travels to a running replica of the service that owns the route, and faults on the service's
name concern it. `/operations/` and `/events/` are answered at the edge, which calls and publishes on the bus: there
the address's own legs and faults apply.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.model.duration import SECOND_NS, duration_ns
from studio.ports import Envelope
from studio.records import Delivery
from studio.runtime.acting import message_record
from studio.runtime.application import Application, HttpRoute
from studio.runtime.statuses import problem_of
from studio.simulation.cluster.connection import Connection, EventStream, scope_of
from studio.simulation.cluster.node import engage_later
from studio.simulation.harming.applier import Way
from studio.simulation.virtual.awaiting import perform
from studio.simulation.virtual.deadlines import Deadlines
from studio.simulation.virtual.exchange import Exchange
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    import httpx

    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Fleet, Node
    from studio.simulation.cluster.outside import Outside

__all__ = ["Browser", "request_from", "request_to"]

TIMEOUT = "30s"
Complete = Callable[[Coroutine[Any, Any, Any]], Any]
Perform = Callable[[str, dict[str, Any]], Any]


class HttpExchange(Exchange):
    """A browser's wait for a response."""

    __slots__ = ("connection", "envelope", "fleet", "node", "route")

    connection: Connection
    envelope: Envelope
    fleet: Fleet
    node: Node | None
    route: HttpRoute


class Browser:
    """Ask a world's services over HTTP; each call lets time pass until its response is there.

    Redirects are not followed and cookies not kept.

    Args:
        cluster: The world's.
        outside: Who sends, for the trace and the causal key.
        complete: Drives a coroutine to its end.
        perform: Has a world do what it is asked for by name, and keep that in its script; None where there is no world.

    Example:
        world.http.get("/stock/tea").json()
    """

    def __init__(self, cluster: Cluster, outside: Outside, complete: Complete, perform: Perform | None = None) -> None:
        self._cluster, self._outside, self._complete, self._perform = cluster, outside, complete, perform
        self._application = Application(cluster.program)
        self._deadlines = Deadlines(cluster.loop, self._expire)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask with GET; `options` are those of `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Ask with POST; `options` are those of `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        """Ask with PUT; `options` are those of `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        """Ask with PATCH; `options` are those of `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """Ask with DELETE; `options` are those of `request`."""
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | str | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: str = TIMEOUT,
        principal: str = "",
    ) -> httpx.Response:
        """Send a request and return the whole response.

        Args:
            method: Such as `GET`.
            path: Such as `/stock/tea`, with or without a query.
            json: Body; a contract or what JSON knows.
            content: Body as it is, instead.
            params: Query.
            headers: An `Idempotency-Key` among them becomes the key of what the request causes.
            timeout: Longest wait for the response.
            principal: Who asks.

        Raises:
            httpx.ConnectError: The service is down; nothing has run.
            httpx.ReadTimeout: No response in time; it may have run.
        """
        import httpx

        body = json.model_dump(mode="json") if hasattr(json, "model_dump") else json
        request = httpx.Request(
            method, f"http://world{path}", params=params, headers=headers, json=body, content=content
        )
        connection: Connection
        if self._perform is None:
            connection = self._complete(self.ask(request, duration_ns(timeout), principal))
        else:
            asked = {"timeout": timeout, "principal": principal}
            connection = self._perform("http", request_to(request) | asked)
        return connection.response(request)

    def stream(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> EventStream:
        """Open an event stream with GET, and return at once; what comes is read while time passes otherwise.

        Example:
            news = world.http.stream("/orders/changes")
            world.publish(S.Order.created, order)
            news.events
        """
        import httpx

        request = httpx.Request("GET", f"http://world{path}", params=params, headers=headers)
        if self._perform is None:
            return EventStream(self._complete(self.open(request)))
        asked = request_to(request)
        number, connection = self._perform("stream", {"url": asked["url"], "headers": asked["headers"]})
        leave = self._perform
        return EventStream(connection, lambda: leave("leave", {"stream": number}))

    # -- there ------------------------------------------------------------------------------------------------------

    async def ask(self, request: httpx.Request, wait_ns: int, principal: str) -> Connection:
        """Send a request from a task of this world's, and return the connection with the whole response.

        Args:
            request: What is asked.
            wait_ns: Longest wait for the response.
            principal: Who asks.

        Raises:
            httpx.ConnectError: The service is down; nothing has run.
            httpx.ReadTimeout: No response in time; it may have run.
        """
        connection = Connection(scope_of(request), request.content, self._cluster.loop)
        try:
            route = self._application.routes.find(request.method, connection.scope["path"])
        except StudioError as error:
            connection.tell(problem_of(error))
            return connection
        envelope = self._envelope(route, connection, principal)
        if route.kind != "endpoint":
            await self._at_the_edge(route, envelope, connection, wait_ns)
            return connection
        exchange = self._exchange(route, envelope, connection)
        self._deadlines.watch(exchange, wait_ns)
        await perform(exchange)
        return connection

    async def open(self, request: httpx.Request) -> Connection:
        """Open an event stream from a task of this world's, and return its connection at once."""
        connection = Connection(scope_of(request), request.content, self._cluster.loop)
        route = self._application.routes.find(request.method, connection.scope["path"])
        exchange = self._exchange(route, self._envelope(route, connection, ""), connection)
        exchange.task = None
        connection.leg_ns = lambda: self._leg_ns(exchange, "reply")
        self._send(exchange)
        return connection

    def _envelope(self, route: HttpRoute, connection: Connection, principal: str) -> Envelope:
        root = self._outside.handling("http", principal).envelope
        shown = connection.body if connection.is_text else b""
        envelope = self._application.envelope(route, connection.scope, self._cluster.identity, outside=root, body=shown)
        if self._cluster.recorder is not None:
            self._cluster.recorder.write(message_record(envelope, self._cluster.loop.now_ns))
        return envelope

    async def _at_the_edge(self, route: HttpRoute, envelope: Envelope, connection: Connection, wait_ns: int) -> None:
        import httpx

        work = self._application.answer(self._cluster.outside, route, envelope, connection.asgi)
        try:
            await asyncio.wait_for(work, wait_ns / SECOND_NS)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no response in time") from error

    def _exchange(self, route: HttpRoute, envelope: Envelope, connection: Connection) -> HttpExchange:
        exchange = HttpExchange(self._send, route.owner, envelope.message, envelope.causal)
        exchange.route, exchange.envelope, exchange.connection = route, envelope, connection
        exchange.fleet, exchange.node = self._cluster.fleets[route.owner], None
        return exchange

    def _send(self, exchange: HttpExchange) -> None:
        harm, loop = self._cluster.harm.messages, self._cluster.loop
        way = self._way(exchange)
        if harm.refuses(exchange.target, exchange.target, exchange.causal, exchange.message, way):
            self._refuse(exchange, "down")
        elif harm.loses(exchange.target, "request", exchange.causal, exchange.message, way):
            self._note(exchange, "lost", "request")
        else:
            loop.at(loop.now_ns + self._leg_ns(exchange, "request"), exchange.fleet.key, self._arrive, exchange)

    def _arrive(self, exchange: HttpExchange) -> None:
        """Hand a request to a replica."""
        node = exchange.node = exchange.fleet.pick()
        if node is None:
            self._refuse(exchange, "no replica")
            return
        assert node.context is not None
        assert node.incarnation is not None
        self._note(exchange, "delivered", "")

        def work(replica: Any) -> Coroutine[Any, Any, None]:
            answering: Coroutine[Any, Any, None] = replica.handle_http(
                exchange.route, exchange.envelope, exchange.connection.asgi
            )
            return answering

        def done(task: HandlerTask) -> None:
            self._back(exchange, task)

        loop = self._cluster.loop
        if loop.paused and node.incarnation.key in loop.paused:
            engage_later(loop, node, work, done)
        else:
            HandlerTask(work(node.replica), loop, node.context.copy(), node.incarnation, done).advance()

    # -- back -------------------------------------------------------------------------------------------------------

    def _back(self, exchange: HttpExchange, task: HandlerTask) -> None:
        """Send a response on its way back."""
        if task.cancelled():
            return
        task.result()
        harm, loop = self._cluster.harm.messages, self._cluster.loop
        way = self._way(exchange)
        if harm.loses(exchange.target, "reply", exchange.causal, exchange.message, way):
            self._note(exchange, "lost", "reply")
        else:
            loop.at(loop.now_ns + self._leg_ns(exchange, "reply"), exchange.caller_key, self._deliver, exchange)

    def _deliver(self, exchange: HttpExchange) -> None:
        outcome = "late" if exchange.connection.is_gone else "replied"
        self._note(exchange, outcome, str(exchange.connection.status))
        if exchange.task is not None:
            exchange.answer(None)

    def _refuse(self, exchange: HttpExchange, reason: str) -> None:
        """Let the client know, after the way back, that nobody took its request."""
        import httpx

        self._note(exchange, "refused", reason)
        loop, error = self._cluster.loop, httpx.ConnectError("connection refused")
        loop.at(loop.now_ns + self._leg_ns(exchange, "reply"), exchange.caller_key, _fail, (exchange, error))

    def _expire(self, exchange: HttpExchange) -> None:
        """Let the client give up; whoever still answers is told that it has gone."""
        import httpx

        self._note(exchange, "timed-out", "")
        exchange.connection.leave()
        loop, error = self._cluster.loop, httpx.ReadTimeout("no response in time")
        loop.at(loop.now_ns, exchange.caller_key, _fail, (exchange, error))

    def _leg_ns(self, exchange: HttpExchange, leg: str) -> int:
        return self._cluster.links.leg_ns(exchange.target, leg, exchange.causal, exchange.message, self._way(exchange))

    @staticmethod
    def _way(exchange: HttpExchange) -> Way:
        return Way(exchange.envelope.sender, 0, exchange.target, 0 if exchange.node is None else exchange.node.number)

    def _note(self, exchange: HttpExchange, outcome: str, reason: str) -> None:
        if self._cluster.recorder is not None:
            number = 0 if exchange.node is None else exchange.node.number
            consumer = exchange.envelope.sender if outcome in ("replied", "late", "timed-out") else exchange.target
            now_ns = self._cluster.loop.now_ns
            self._cluster.recorder.write(Delivery(now_ns, exchange.message, consumer, number, 1, outcome, reason))


def _fail(failed: tuple[HttpExchange, Exception]) -> None:
    exchange, error = failed
    exchange.connection.error = error
    if exchange.task is not None:
        exchange.fail(error)


def request_to(request: httpx.Request) -> dict[str, Any]:
    """Return a request as plain JSON values."""
    return {
        "method": request.method,
        "url": str(request.url),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers.raw],
        "content": base64.b64encode(request.content).decode(),
    }


def request_from(values: Mapping[str, Any]) -> httpx.Request:
    """Return the request that `request_to` wrote."""
    import httpx

    content = base64.b64decode(values.get("content", ""))
    headers = [(str(name), str(value)) for name, value in values["headers"]]
    return httpx.Request(values.get("method", "GET"), values["url"], headers=headers, content=content or None)
