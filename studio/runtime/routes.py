"""Know every HTTP route of a system: the endpoints that services declare, and those that operations and events have.

Which replica answers, and how the request comes to it, is the engine's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from starlette.routing import compile_path

from studio.address import parse
from studio.errors import RouteTwice, StudioError, UnknownAddress, UnknownRoute, Where, WrongMethod
from studio.graph.build import Graph
from studio.runtime.program import Program

__all__ = ["EVENTS", "OPERATIONS", "HttpRoute", "RouteTable"]

OPERATIONS, EVENTS = "/operations/", "/events/"


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """A method and a path, and who answers there.

    Attributes:
        kind: A service's `endpoint`, or the `operation` or `event` of an address.
        method: Such as `GET`.
        path: As declared: `/stock/{sku}`.
        owner: Service that owns the endpoint or the operation; empty for an event.
        address: Of the operation or event.
        where: The endpoint's place.
    """

    kind: Literal["endpoint", "operation", "event"]
    method: str
    path: str
    owner: str
    address: str = ""
    where: Where | None = None

    @property
    def name(self) -> str:
        """Return what records call it: `GET /stock/{sku}`."""
        return f"{self.method} {self.path}"


class RouteTable:
    """Find who answers a request.

    Within a service the first declared path that fits is taken, as FastAPI does; among services, the one with the
    fewest parameters. `/operations/` and `/events/` are the system's own.

    Args:
        program: Of the system.

    Raises:
        RouteTwice: Two services answer at the same method and path.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._endpoints = [(compile_path(route.path)[0], route) for route in _endpoints(program.graph)]

    def __iter__(self) -> Iterator[HttpRoute]:
        """Iterate over all routes: endpoints, then operations and events by address."""
        yield from (route for _, route in self._endpoints)
        for address, plan in sorted(self._program.operations.items()):
            yield HttpRoute("operation", "POST", OPERATIONS + address, plan.owner, address)
        for address in sorted(self._program.events):
            yield HttpRoute("event", "POST", EVENTS + address, "", address)

    def find(self, method: str, path: str) -> HttpRoute:
        """Return the route of a request.

        Args:
            method: In upper case.
            path: Decoded, without query.

        Raises:
            UnknownRoute: Nobody answers at this path.
            WrongMethod: Only other methods are answered there.
            UnknownAddress: It names an operation or event that does not exist.
        """
        for prefix in (OPERATIONS, EVENTS):
            if path.startswith(prefix):
                return self._addressed(method, prefix, path)
        fitting = [route for pattern, route in self._endpoints if _fits(pattern, path)]
        found: dict[str, HttpRoute] = {}
        for route in fitting:
            if route.method == method:
                found.setdefault(route.owner, route)
        if found:
            return min(found.values(), key=lambda route: (route.path.count("{"), route.owner))
        if fitting:
            raise WrongMethod(method=method, path=path, allowed=", ".join(sorted({each.method for each in fitting})))
        raise UnknownRoute(method=method, path=path)

    def _addressed(self, method: str, prefix: str, path: str) -> HttpRoute:
        address = path.removeprefix(prefix)
        _check_address(address)
        if prefix == OPERATIONS:
            route = HttpRoute("operation", "POST", path, self._program.operation(address).owner, address)
        else:
            self._program.event(address)
            route = HttpRoute("event", "POST", path, "", address)
        if method != "POST":
            raise WrongMethod(method=method, path=path, allowed="POST")
        return route


def _endpoints(graph: Graph) -> Iterator[HttpRoute]:
    seen: dict[tuple[str, str], str] = {}
    for service in graph.services.values():
        for endpoint in service.endpoints:
            shape = (endpoint.method, re.sub(r"\{[^}]*\}", "{}", endpoint.path))
            if seen.setdefault(shape, service.name) != service.name:
                raise RouteTwice(
                    where=graph.shown(endpoint.where),
                    route=f"{endpoint.method} {endpoint.path}",
                    first=seen[shape],
                    second=service.name,
                )
            yield HttpRoute("endpoint", endpoint.method, endpoint.path, service.name, where=endpoint.where)


def _check_address(text: str) -> None:
    try:
        parse(text)
    except StudioError as error:
        raise UnknownAddress(address=text, known="see /openapi.json") from error


def _fits(pattern: re.Pattern[str], path: str) -> bool:
    return pattern.match(path) is not None
