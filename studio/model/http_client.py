"""Send a third-party request through a real httpx client whose transport is the Outbound port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.verbs import acting
from studio.ports import HttpRequest

if TYPE_CHECKING:
    from studio.model.third_party import Client

__all__ = ["send_request"]

_DROPPED = frozenset(
    {"user-agent", "accept-encoding", "connection", "host"}
)  # vary with httpx's version, not with the author's code


class _PortTransport(httpx.AsyncBaseTransport):
    """Hand httpx's requests to whoever acts in this context."""

    def __init__(self, client: str) -> None:
        self.client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = tuple((name, value) for name, value in request.headers.items() if name not in _DROPPED)
        read = request.extensions.get("timeout", {}).get("read")
        outgoing = HttpRequest(self.client, request.method, str(request.url), headers, await request.aread())
        timeout_ns = 0 if read is None else round(read * SECOND_NS)
        answer = await acting("request").request(outgoing, timeout_ns=timeout_ns)
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body, request=request)


_CLIENTS: dict[
    tuple[str, str, int], httpx.AsyncClient
] = {}  # stateless but for cookies, which are dropped after each use


async def send_request(client: Client, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
    """Send one request for a service's client and return the response.

    Args:
        client: Whose base URL, secret and timeout apply.
        method: HTTP method.
        path: Below the base URL.
        options: As httpx takes them.
    """
    timeout_ns = duration_ns(client.timeout)
    at = (client.name, client.base_url, timeout_ns)
    if at not in _CLIENTS:
        _CLIENTS[at] = httpx.AsyncClient(
            base_url=client.base_url,
            timeout=timeout_ns / SECOND_NS,
            transport=_PortTransport(client.name),
            trust_env=False,
        )
    if client.auth is not None:
        options["headers"] = {"authorization": f"Bearer {client.auth.reveal()}", **dict(options.get("headers") or {})}
    response = await _CLIENTS[at].request(method, path, **options)
    _CLIENTS[at].cookies.clear()
    return response
