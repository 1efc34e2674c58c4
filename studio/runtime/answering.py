"""Answer an HTTP request in the corridor of the incarnation that takes it: span, admission, handler, response.

What comes in and goes out is ASGI, so bodies and event streams pass as they are made. A crash leaves the request
without an answer; a client that goes away ends a stream, and otherwise the handler carries on as any other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import ClientDisconnect

from studio.errors import BodyTooLarge, StudioError
from studio.ports import Envelope
from studio.runtime.acting import Handling
from studio.runtime.endpoints import ERROR, application_of, problem_response
from studio.runtime.routes import HttpRoute
from studio.runtime.statuses import problem_of

if TYPE_CHECKING:
    from studio.runtime.replica import Replica

__all__ = ["BODY_BYTES_MAX", "Asgi", "Intake", "Receive", "Reception", "Scope", "Send", "answer_endpoint"]

BODY_BYTES_MAX = 8 * 1024 * 1024
"""Longest body of a request; what is longer is for a store of files, not for a message."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Asgi(NamedTuple):
    """One request, as ASGI hands it over: what is asked, where the body comes from, where the response goes."""

    scope: Scope
    receive: Receive
    send: Send


class Intake:
    """Pass a request's body on, and refuse one that is too long before it is all in memory."""

    __slots__ = ("_asgi", "_size")

    def __init__(self, asgi: Asgi) -> None:
        self._asgi = asgi
        self._size = 0

    async def __call__(self) -> MutableMapping[str, Any]:
        """Pass one ASGI message on.

        Raises:
            BodyTooLarge: By what its header says, or by what has come.
        """
        if not self._size:
            _check_size(_declared_size(self._asgi.scope))
        message = await self._asgi.receive()
        self._size += len(message.get("body", b""))
        _check_size(self._size)
        return message


def _declared_size(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0


def _check_size(size_bytes: int) -> None:
    if size_bytes > BODY_BYTES_MAX:
        raise BodyTooLarge(size_bytes_max=BODY_BYTES_MAX)


class Reception:
    """Pass a response on, and remember its status."""

    __slots__ = ("_asgi", "status")

    def __init__(self, asgi: Asgi) -> None:
        self._asgi, self.status = asgi, 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Pass one ASGI message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._asgi.send(message)

    async def refuse(self, error: BaseException) -> None:
        """Answer with an error, unless an answer has begun."""
        if not self.status:
            await problem_response(problem_of(error))(self._asgi.scope, self._asgi.receive, self)


async def answer_endpoint(replica: Replica, route: HttpRoute, envelope: Envelope, asgi: Asgi) -> None:
    """Run an endpoint; never raises but for crashes and cancellation.

    Args:
        replica: Which incarnation answers.
        route: What it answers.
        envelope: The request, as records know it.
        asgi: The request itself.
    """
    span = replica.spans.start(
        "http",
        envelope.address,
        parent=envelope.span,
        trace=envelope.trace,
        message=envelope.message,
        where=route.where,
    )
    reception = Reception(asgi)
    error: BaseException | None
    try:
        if replica.admission.is_bounded:
            await replica.admission.enter()
        try:
            await _run(replica, envelope, span.span, asgi._replace(receive=Intake(asgi), send=reception))
        finally:
            if replica.admission.is_bounded:
                replica.admission.leave()
        error = asgi.scope.get(ERROR)
    except StudioError as refusal:
        error = refusal
        await reception.refuse(refusal)
    except ClientDisconnect:
        error = None
    except Exception as failure:  # noqa: BLE001 - FastAPI has answered, and raised it again for the log
        error = asgi.scope.get(ERROR) or failure
        await reception.refuse(failure)
    if error is not None:
        replica.spans.fail(span, error)
    elif reception.status >= 500:
        replica.spans.end(span, "error", str(reception.status))
    else:
        replica.spans.end(span)


async def _run(replica: Replica, envelope: Envelope, span: int, asgi: Asgi) -> None:
    await Handling(replica, envelope, span).begin(envelope.address)
    points = replica.ports.points
    await application_of(replica.program.graph.services[replica.name])(*asgi)
    if points.armed:
        await points.reach("before-acknowledge", envelope.address)
