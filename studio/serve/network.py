"""Reach third parties over the network, through httpx."""

from __future__ import annotations

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

from studio.model.duration import SECOND_NS
from studio.ports import HttpRequest, HttpResponse

if TYPE_CHECKING:
    import httpx

__all__ = ["NetworkOutbound"]

_GRACE_S = 0.05

# Say how a body travelled; it is handed on decoded and whole.
_TRAVEL = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


class NetworkOutbound:
    """Implement `studio.ports.Outbound`, with a pool of connections for each third party: a slow one starves no other.

    Redirects are not followed and cookies not kept: the author's client sees what came. Proxies are taken from the
    environment, as httpx does.

    Args:
        connections: Most at once to one third party; further requests wait, within their timeout.
        transport: What carries the requests instead of the network, for tests.
    """

    __slots__ = ("_clients", "_connections", "_transport")

    def __init__(self, *, connections: int = 100, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._connections, self._transport = connections, transport
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        clients, self._clients = self._clients, {}
        for name in sorted(clients):
            await clients[name].aclose()

    async def send(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        """Send a request and return the whole response.

        Args:
            request: What to send.
            timeout_ns: For all of it, from waiting for a connection to the body's last byte; 0 for none.

        Raises:
            httpx.ConnectError: It did not arrive.
            httpx.ReadTimeout: No whole response in time; the third party may have acted.
        """
        import httpx

        timeout_s = timeout_ns / SECOND_NS if timeout_ns else None
        client = self._client(request.client)
        outgoing = client.build_request(
            request.method, request.url, headers=list(request.headers), content=request.body, timeout=timeout_s
        )
        try:
            # httpx bounds each phase and each chunk; a body that drips in would never end. Its own bound comes first,
            # as it tells a connect that never was (nothing has run) from a read.
            async with asyncio.timeout(None if timeout_s is None else timeout_s + _GRACE_S):
                response = await client.send(outgoing)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no whole response in time", request=outgoing) from error
        headers = tuple((name, value) for name, value in response.headers.multi_items() if name not in _TRAVEL)
        return HttpResponse(response.status_code, headers, response.content)

    def _client(self, name: str) -> httpx.AsyncClient:
        if name not in self._clients:
            import httpx

            self._clients[name] = httpx.AsyncClient(
                limits=httpx.Limits(max_connections=self._connections),
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                follow_redirects=False,
                transport=self._transport,
            )
        return self._clients[name]
