"""Put a system behind HTTP: find the route of a request, make its envelope, have it answered. The same in both engines.

Engines bring a request to a replica and its response back; they ask here which service it is for. Beside the endpoints
that services declare, every operation answers at `POST /operations/Inventory.reserve` and every event is taken at
`POST /events/Order.created`. An `Idempotency-Key` header becomes the key of what the request causes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.ports import Envelope, Identity
from studio.runtime.answering import Asgi, Scope
from studio.runtime.endpoints import application_of
from studio.runtime.gateway import answer_gateway
from studio.runtime.identifiers import causal_key, key_of_text, short_key
from studio.runtime.openapi import describe_routes
from studio.runtime.program import Program
from studio.runtime.replica import Replica
from studio.runtime.routes import HttpRoute, RouteTable

__all__ = ["IDEMPOTENCY_KEY", "Application", "Asgi", "HttpRoute", "idempotency_key"]

IDEMPOTENCY_KEY = "idempotency-key"
Headers = Iterable[tuple[bytes, bytes]]


class Application:
    """The HTTP side of a system.

    Args:
        program: What runs.

    Raises:
        RouteTwice: Two services answer at the same method and path.
        InvalidDeclaration: FastAPI cannot read an endpoint.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.routes = RouteTable(program)
        for service in program.graph.services.values():
            if service.endpoints:
                application_of(service)

    def envelope(
        self,
        route: HttpRoute,
        scope: Scope,
        identity: Identity,
        *,
        outside: Envelope | None = None,
        body: bytes = b"",
    ) -> Envelope:
        """Return a request as records know it: its address is the route's name, its key the path that was asked for.

        Args:
            route: Who answers.
            scope: ASGI's.
            identity: Numbers the message, and the trace where `outside` gives none.
            outside: What stands for whoever sent it, where that is known: trace, causal key, principal.
            body: What the record shows.
        """
        message = identity.message()
        if outside is None:
            outside = Envelope(0, "outside", "http", b"", "world", trace=identity.trace(), causal=message)
        given = idempotency_key(scope["headers"])
        return Envelope(
            message, "http", route.name, body, outside.sender, key=_asked(scope), trace=outside.trace,
            causal=causal_key(outside.causal, key_of_text(route.name), 1),
            idempotency=short_key(f"http/{given}") if given else outside.idempotency,
            principal=outside.principal,
        )  # fmt: skip

    async def answer(self, replica: Replica, route: HttpRoute, envelope: Envelope, asgi: Asgi) -> None:
        """Have a request answered.

        Args:
            replica: Of the route's owner; of the world outside for the routes of operations and events.
            route: What is asked.
            envelope: The request.
            asgi: The request itself.
        """
        if route.kind == "endpoint":
            await replica.handle_http(route, envelope, asgi)
        else:
            await answer_gateway(replica, route, envelope, asgi)

    def openapi(self, *, title: str = "Studio", version: str = "0") -> dict[str, Any]:
        """Return the OpenAPI document of all routes."""
        return describe_routes(self.program, title=title, version=version)


def idempotency_key(headers: Headers) -> str:
    """Return the request's `Idempotency-Key`, empty where it has none."""
    for name, value in headers:
        if name.decode("latin-1").lower() == IDEMPOTENCY_KEY:
            return value.decode("latin-1").strip()
    return ""


def _asked(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
