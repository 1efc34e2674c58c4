"""Let the stubs of third parties answer: the Outbound port of a simulated service.

A stub is executed once and never crashes: a third party is not part of our system. What can go wrong is the way there
and back, and that shows as the exceptions that httpx raises.
"""

from __future__ import annotations

import functools
import inspect
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from studio.errors import MissingStub, StubFailed
from studio.model.third_party import CALLBACKS, Callback, External, Request, Response
from studio.ports import ACTING, Envelope, HttpRequest, HttpResponse
from studio.records import Delivery
from studio.runtime.acting import Handling, message_record
from studio.runtime.identifiers import causal_key, key_of_text
from studio.simulation.cluster.callbacks import Callbacks
from studio.simulation.cluster.complaints import raise_error
from studio.simulation.cluster.surroundings import run_sync
from studio.simulation.harming.applier import Way
from studio.simulation.virtual.awaiting import park, perform, sleep_ns
from studio.simulation.virtual.deadlines import Deadlines
from studio.simulation.virtual.exchange import Exchange
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["ThirdParties"]


class RequestExchange(Exchange):
    """A client's wait for a third party's response."""

    __slots__ = ("envelope", "path", "request", "sent_ns", "timeout_ns")

    request: HttpRequest
    envelope: Envelope
    path: str
    sent_ns: int
    timeout_ns: int


class ThirdParties:
    """All third parties of a world; implements `studio.ports.Outbound`.

    Args:
        cluster: The world's.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm.messages
        self._stubs = cluster.harm.stubs
        self._parties, self._callbacks = cluster.hazards.parties, Callbacks(cluster)
        self._deadlines = Deadlines(cluster.loop, self._expire)

    async def send(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        """Return the stub's response.

        Args:
            request: To whom, and what.
            timeout_ns: Longest wait; 0 for none.

        Raises:
            httpx.ConnectError: It is down.
            httpx.ReadTimeout: No response in time; it may have acted.
            httpx.PoolTimeout: No connection came free in time; nothing was sent.
            MissingStub: No `%%external` of that name is declared.
        """
        if request.client not in self._cluster.externals:
            raise MissingStub(name=request.client)
        handling: Any = ACTING.get()
        if self._parties.is_on:
            async with self._parties.connection(request.client, handling):
                return await self._ask(handling, request, timeout_ns)
        return await self._ask(handling, request, timeout_ns)

    async def _ask(self, handling: Any, request: HttpRequest, timeout_ns: int) -> HttpResponse:
        """Send a request and wait for the response, or until time is up."""
        handling.ordinal += 1
        causal = causal_key(handling.causal, key_of_text(request.client), handling.ordinal)
        path = urlsplit(request.url).path
        envelope = Envelope(
            self._cluster.identity.message(), "http", f"{request.client} {request.method} {path}", request.body,
            handling.service, handling.replica.number, "", handling.trace, handling.span, handling.cause, causal,
            saga=handling.saga,
        )  # fmt: skip
        if self._cluster.recorder is not None:
            self._cluster.recorder.write(message_record(envelope, self._loop.now_ns))
        exchange = RequestExchange(self._send, request.client, envelope.message, causal)
        exchange.request, exchange.envelope, exchange.timeout_ns = request, envelope, timeout_ns
        exchange.path = self._path_below(handling.service, request)
        response: HttpResponse = await perform(exchange)
        return response

    def _send(self, exchange: Any) -> None:
        import httpx

        target, causal, message = exchange.target, exchange.causal, exchange.message
        exchange.sent_ns = self._loop.now_ns
        if exchange.timeout_ns:
            self._deadlines.watch(exchange, exchange.timeout_ns)
        way = _way(exchange)
        if self._harm.refuses(target, target, causal, message, way):
            self._note(exchange, "refused", "down")
            self._fail(exchange, httpx.ConnectError("connection refused"))
        elif self._harm.loses(target, "request", causal, message, way):
            self._note(exchange, "lost", "request")
        else:
            body = self._harm.garbage(target, "request", causal, message, way, usual="reply")
            if body is not None:
                exchange.request = replace(exchange.request, body=body)
            key = self._cluster.externals[target].fleet.key
            self._loop.at(self._loop.now_ns + self._leg_ns(exchange, "request"), key, self._arrive, exchange)

    def _fail(self, exchange: RequestExchange, error: BaseException) -> None:
        """Raise an error at the client after the way back."""
        leg_ns = self._leg_ns(exchange, "reply")
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, exchange.fail, error)

    def _path_below(self, service: str, request: HttpRequest) -> str:
        """Return a request's path as the stub's routes state it: below the base URL of the service's client."""
        path = urlsplit(request.url).path
        declared = self._cluster.build.graph.services.get(service)
        client = None if declared is None else declared.clients.get(request.client)
        base = "" if client is None else urlsplit(client.base_url).path.rstrip("/")
        return path.removeprefix(base) if base and path.startswith(f"{base}/") else path or "/"

    def _arrive(self, exchange: RequestExchange) -> None:
        node = self._cluster.externals[exchange.target].fleet.nodes[0]
        assert node.context is not None
        assert node.incarnation is not None
        self._note(exchange, "delivered", "")

        def finished(task: HandlerTask) -> None:
            error = None if task.cancelled() else task.exception()
            if task.cancelled():  # the stub cancelled itself: it never answers
                self._note(exchange, "lost", "cancelled")
            elif error is not None:
                self._fail(exchange, error)
            else:
                self._reply(exchange, task.result())

        if self._parties.is_on:
            refusal = self._parties.throttled(exchange.target, _way(exchange), exchange.causal, exchange.message)
            if refusal is not None:
                self._reply(exchange, refusal)
                return
        work = self._answer(exchange) if self._stubs.is_on else self._serve(exchange)
        HandlerTask(work, self._loop, node.context.copy(), node.incarnation, finished).advance()

    def _reply(self, exchange: RequestExchange, response: HttpResponse) -> None:
        """Answer, unless the plan loses what is answered."""
        if self._harm.loses(exchange.target, "reply", exchange.causal, exchange.message, _way(exchange)):
            self._note(exchange, "lost", "reply")
        else:
            self._back(exchange, response)

    async def _answer(self, exchange: RequestExchange) -> HttpResponse:
        """Answer as the plan has it: late, never, or with a status of the third party's infrastructure."""
        stubs, occasion = self._stubs, (exchange.target, exchange.causal, exchange.message, _way(exchange))
        if stubs.hangs(*occasion):
            await park()
        extra_ns = stubs.extra_ns(*occasion)
        if extra_ns:
            await sleep_ns(extra_ns)
        fault = stubs.responds(*occasion)
        if fault is None:
            return await self._serve(exchange)
        if fault.ran:
            await self._serve(exchange)
        return stubs.response(fault)

    def _back(self, exchange: RequestExchange, response: HttpResponse) -> None:
        """Send a response on its way back, late or spoilt where the plan has it so."""
        leg_ns, way = self._leg_ns(exchange, "reply"), _way(exchange)
        target, causal, message = exchange.target, exchange.causal, exchange.message
        late_ns = self._harm.late_ns(target, causal, message, way)
        if late_ns is not None and exchange.queue is not None:
            leg_ns = max(leg_ns, exchange.sent_ns + exchange.timeout_ns + late_ns - self._loop.now_ns)
        body = self._harm.garbage(target, "reply", causal, message, way, usual="reply")
        if body is not None:
            response = replace(response, body=body)
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, self._deliver, (exchange, response))

    def _deliver(self, arrived: tuple[RequestExchange, HttpResponse]) -> None:
        exchange, response = arrived
        self._note(exchange, "replied" if exchange.task is not None else "late", str(response.status))
        exchange.answer(response)

    async def _serve(self, exchange: RequestExchange) -> HttpResponse:
        """Run the stub's route, in a span of its own."""
        host = self._cluster.externals[exchange.target]
        envelope = exchange.envelope
        span = host.replica.spans.start(
            "handle", envelope.address, parent=envelope.span, trace=envelope.trace, message=envelope.message
        )
        await Handling(host.replica, envelope, span.span).begin(exchange.target)
        said: list[Callback] = []
        CALLBACKS.set(said)
        try:
            response = await _route(host.external, exchange.request, exchange.path)
        except Exception as error:
            host.replica.spans.fail(span, error)
            raise StubFailed(name=exchange.target, error=type(error).__name__, text=str(error)) from error
        if said:
            await self._call_back(exchange, said)
        host.replica.spans.end(span)
        headers = tuple((name.lower(), value) for name, value in response.headers.items())  # as httpx hands them on
        return HttpResponse(response.status, headers, response.body)

    async def _call_back(self, exchange: RequestExchange, said: list[Callback]) -> None:
        """Let a third party say what it has to say to us: once its response has left, or before, as planned."""
        target, envelope = exchange.target, exchange.envelope
        if self._parties.is_on and self._parties.calls_back_first(
            target, _way(exchange), exchange.causal, exchange.message
        ):
            await self._callbacks.say(said, target, envelope)
            return
        node = self._cluster.externals[target].fleet.nodes[0]

        def begin(ordinal: int) -> None:
            self._cluster.spawn(node, self._callbacks.say(said, target, envelope, only=ordinal), raise_error)

        for ordinal, callback in enumerate(said, start=1):
            self._loop.at(self._loop.now_ns + callback.after_ns, 0, begin, ordinal)

    def _leg_ns(self, exchange: Exchange, leg: str) -> int:
        return self._cluster.links.leg_ns(exchange.target, leg, exchange.causal, exchange.message, _way(exchange))

    def _expire(self, exchange: Exchange) -> None:
        import httpx

        self._note(exchange, "timed-out", "")
        self._loop.at(self._loop.now_ns, exchange.caller_key, exchange.fail, httpx.ReadTimeout("no response in time"))

    def _note(self, exchange: Any, outcome: str, reason: str) -> None:
        if self._cluster.recorder is not None:
            envelope = exchange.envelope
            self._cluster.recorder.write(
                Delivery(self._loop.now_ns, envelope.message, exchange.target, 1, 1, outcome, reason)
            )


def _way(exchange: Any) -> Way:
    """Return from whom a request comes, and to whom it goes."""
    return Way(exchange.envelope.sender, exchange.envelope.replica, exchange.target, 1)


async def _route(external: External, request: HttpRequest, path: str) -> Response:
    """Find the route of a request and run it; 404 where there is none."""
    for route in external.routes:
        found = _pattern_of(route.path).fullmatch(path)
        if route.method == request.method and found:
            query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in request.headers}
            parameters = {name: unquote(value) for name, value in found.groupdict().items()}  # as servers do
            made = Request(request.method, path, parameters, query, headers, request.body)
            answer = await _run(route.function, made)
            return answer if isinstance(answer, Response) else Response(200, json=answer)
    return Response(404, json={"detail": f"no route {request.method} {path}"})


async def _run(function: Any, request: Request) -> Any:
    """Run a route; a plain function may sleep, in virtual time."""
    if inspect.iscoroutinefunction(function):
        return await function(request)
    return await run_sync(lambda: function(request))


@functools.lru_cache(maxsize=1024)
def _pattern_of(path: str) -> re.Pattern[str]:
    """Return what a route's path matches: `{name}` is one part of it."""
    literal = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(literal)))
