"""Declare third parties: the client that a service holds, and the stub that stands for them in a simulation.

Under the real engine a client is an httpx client on the network. In a simulation its requests go to the stub of the
same name, through the same httpx client, over a transport that can be slow, lossy and late.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from studio.contract import codec
from studio.errors import DuplicateMember, InvalidDeclaration, NotActing
from studio.model.data import Collection
from studio.model.declaring import declare
from studio.model.duration import duration_ns
from studio.model.verbs import Secret, acting

__all__ = ["CALLBACKS", "Callback", "Client", "External", "Ledger", "Request", "Response", "StubRoute"]

Entry = TypeVar("Entry")
Function = TypeVar("Function", bound=Callable[..., Any])


class Client:
    """A service's client of a third party, with the methods of an httpx client: `await cards.post("/charges", json=…)`.

    Args:
        service: Owner.
        name: Of the third party; an `%%external` of that name stands for it in simulations.
        base_url: Where it is, for real.
        auth: Secret sent as a bearer token; None for none.
        timeout: For one request.
    """

    __slots__ = ("auth", "base_url", "name", "service", "timeout")

    def __init__(self, service: str, name: str, base_url: str, auth: Secret | None, timeout: str) -> None:
        self.service, self.name, self.base_url, self.auth, self.timeout = service, name, base_url, auth, timeout

    def __repr__(self) -> str:
        return f"Client({self.service}.{self.name} → {self.base_url})"

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return an `httpx.Response`.

        Args:
            method: HTTP method.
            path: Below the base URL.
            options: As httpx takes them: `json`, `params`, `headers`, `content`, …

        Raises:
            httpx.ConnectError: It did not arrive.
            httpx.ReadTimeout: No response in time; the third party may have acted.
        """
        from studio.model.http_client import send_request

        return await send_request(self, method, path, options)

    async def get(self, path: str, **options: Any) -> Any:
        """Send a GET; see `request`."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Any:
        """Send a POST; see `request`."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Any:
        """Send a PUT; see `request`."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Any:
        """Send a PATCH; see `request`."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        """Send a DELETE; see `request`."""
        return await self.request("DELETE", path, **options)


@dataclass(frozen=True, slots=True)
class Request:
    """What a stub's handler gets.

    Attributes:
        method: HTTP method.
        path: Without the query; `parameters` holds what `{name}` matched in it.
        query: Decoded query.
        headers: Lower-case names.
        body: As sent.
    """

    method: str
    path: str
    parameters: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        import json

        return json.loads(self.body or b"null")


class Response:
    """What a stub's handler returns.

    Args:
        status: HTTP status.
        json: Body as a value (or a contract).
        headers: Further headers.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int = 200, *, json: Any = None, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, dict(headers or {})
        self.body = b"" if json is None else codec(type(json)).encode(json)
        if json is not None:
            self.headers.setdefault("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class StubRoute:
    """One route of a stub."""

    method: str
    path: str
    function: Callable[..., Any]


class Ledger(Generic[Entry]):
    """What a third party has done, in its own books; rows of the table `external` in SQL.

    A ledger survives every crash of ours: a third party is not part of our system.
    """

    __slots__ = ("contract", "external", "name")

    def __init__(self, external: str, name: str, contract: type[Entry]) -> None:
        self.external, self.name, self.contract = external, name, contract

    def append(self, entry: Entry) -> None:
        """Write down one thing that was done."""
        acting("ledger").append(self.name, codec(self.contract).encode(entry))


@dataclass(frozen=True, slots=True)
class Callback:
    """A request of a third party to one of our endpoints, such as a webhook.

    Attributes:
        method: HTTP method.
        path: Of the endpoint.
        body: As sent.
        headers: Further headers.
        after_ns: From the response to the request at hand, to this.
    """

    method: str
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    after_ns: int = 0


CALLBACKS: ContextVar[list[Callback]] = ContextVar("studio_callbacks")
"""What the stub that answers a request in this context has to say to us afterwards; unset outside of stubs."""


class External:
    """A third party as the simulation sees it: routes, a ledger, data of its own.

    Args:
        name: The same as the client's.

    Example:
        @external.post("/charges")
        async def create(request) -> Response: ...
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[StubRoute] = []
        self.ledgers: dict[str, Ledger[Any]] = {}
        self.collections: dict[str, Collection[Any]] = {}
        declare(self)

    def __repr__(self) -> str:
        return f"External({self.name}, {len(self.routes)} routes)"

    def ledger(self, contract: type[Entry], *, name: str = "ledger") -> Ledger[Entry]:
        """Declare the ledger whose entries are of a contract; its fields become columns of the table `external`."""
        if name in self.ledgers:
            raise DuplicateMember(service=self.name, what=f"ledger {name}")
        self.ledgers[name] = Ledger(self.name, name, contract)
        return self.ledgers[name]

    def collection(
        self, name: str, contract: type[Entry], *, key: str, unique: tuple[str, ...] = ()
    ) -> Collection[Entry]:
        """Declare data that the third party keeps, such as answers by idempotency key."""
        if name in self.collections:
            raise DuplicateMember(service=self.name, what=f"collection {name}")
        self.collections[name] = Collection(self.name, name, contract, key=key, unique=tuple(unique))
        return self.collections[name]

    def get(self, path: str) -> Callable[[Function], Function]:
        """Answer GET requests of a path, `/charges/{id}`."""
        return self._route("GET", path)

    def post(self, path: str) -> Callable[[Function], Function]:
        """Answer POST requests of a path."""
        return self._route("POST", path)

    def put(self, path: str) -> Callable[[Function], Function]:
        """Answer PUT requests of a path."""
        return self._route("PUT", path)

    def patch(self, path: str) -> Callable[[Function], Function]:
        """Answer PATCH requests of a path."""
        return self._route("PATCH", path)

    def delete(self, path: str) -> Callable[[Function], Function]:
        """Answer DELETE requests of a path."""
        return self._route("DELETE", path)

    def callback(
        self,
        path: str,
        *,
        json: Any = None,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        after: str = "0s",
    ) -> None:
        """Ask one of our endpoints, as a third party does with a webhook, once the response at hand has left.

        It is asked once: what our endpoint answers, or that it does not, concerns nobody. The fault `call_back` lets it
        be asked before the response leaves.

        Args:
            path: Of the endpoint, `/webhooks/cards`.
            json: Body as a value (or a contract).
            method: HTTP method.
            headers: Further headers.
            after: From the response to this.

        Raises:
            NotActing: Outside of a stub's route.
        """
        said = CALLBACKS.get(None)
        if said is None:
            raise NotActing(verb="callback")
        body = b"" if json is None else codec(type(json)).encode(json)
        given = {"content-type": "application/json", **(headers or {})}
        said.append(Callback(method.upper(), path, body, tuple(given.items()), duration_ns(after)))

    def _route(self, method: str, path: str) -> Callable[[Function], Function]:
        if not path.startswith("/"):
            raise InvalidDeclaration(
                what=f"external={self.name} path={path!r}",
                reason="a path begins with /",
                remedy_text=f'Write "/{path}".',
            )

        if any((method, path) == (known.method, known.path) for known in self.routes):
            raise DuplicateMember(service=self.name, what=f"route {method} {path}")

        def keep(function: Function) -> Function:
            self.routes.append(StubRoute(method, path, function))
            return function

        return keep
