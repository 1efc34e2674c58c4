"""Answer `POST /operations/ADDRESS` and `POST /events/ADDRESS`: call or publish on the bus, as anybody outside.

The gateway is no service: it holds nothing, and the corridor of the callee does what the callee's policies say. It
tries idempotent operations again as their `Retry` says, under one key.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from studio.contract import invalid_message
from studio.errors import HandlerFailed, UndeclaredError
from studio.ports import ACTING, Envelope
from studio.runtime.acting import Handling, Host
from studio.runtime.answering import Asgi, Intake, Reception
from studio.runtime.routes import HttpRoute

__all__ = ["answer_gateway"]


async def answer_gateway(host: Host, route: HttpRoute, envelope: Envelope, asgi: Asgi) -> None:
    """Call an operation or publish an event; never raises but for crashes and cancellation.

    Args:
        host: On whose behalf; its name is the sender.
        route: Of an operation or event.
        envelope: The request, as records know it.
        asgi: The request itself.
    """
    span = host.spans.start(
        "http", envelope.address, parent=envelope.span, trace=envelope.trace, message=envelope.message
    )
    handling = Handling(host, envelope, span.span)
    ACTING.set(handling)
    reception = Reception(asgi)
    try:
        body = await Request(asgi.scope, Intake(asgi)).body()
        work = _call if route.kind == "operation" else _publish
        response = await work(handling, route.address, body)
        await response(asgi.scope, asgi.receive, reception)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
        host.spans.fail(span, error)
        await reception.refuse(error)
        return
    host.spans.end(span)


async def _call(handling: Handling, address: str, body: bytes) -> Response:
    plan = handling.program.operation(address)
    message = _decoded(plan.decode, plan.operation.takes, body, plan.owner, plan.operation.name)
    try:
        answer = await handling.call(address, message)
    except UndeclaredError as error:
        raise HandlerFailed(service=plan.owner, operation=plan.operation.name, error=error.reason) from error
    return Response(plan.encode_answer(answer), media_type="application/json")


async def _publish(handling: Handling, address: str, body: bytes) -> Response:
    plan = handling.program.event(address)
    message = _decoded(plan.decode, plan.event.contract, body, "the bus", f"publish {address}")
    await handling.publish(address, message)
    told = {"address": address, "trace": f"{handling.trace:032x}"}
    return Response(json.dumps(told), 202, media_type="application/json")


def _decoded(decode: Any, contract: Any, body: bytes, service: str, operation: str) -> Any:
    """Decode a body as the contract that is wanted; one that takes nothing may come empty."""
    try:
        return decode(body or b"null" if contract is None else body)
    except ValidationError as error:
        raise invalid_message(contract, error, service=service, operation=operation) from error
