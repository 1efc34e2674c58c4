"""The client of a third party: httpx on top, the Outbound port below."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from studio.model.service import Service
from studio.model.verbs import Secret
from studio.ports import ACTING, HttpRequest, HttpResponse


class Acting:
    """Someone whose third party always answers 201."""

    def __init__(self) -> None:
        self.requests: list[tuple[HttpRequest, int]] = []

    async def request(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        self.requests.append((request, timeout_ns))
        return HttpResponse(201, (("content-type", "application/json"), ("set-cookie", "a=b")), b'{"ok": true}')

    def secret(self, name: str) -> str:
        return f"value of {name}"


@pytest.fixture
def exchange() -> tuple[HttpRequest, int, Any]:
    """One POST through a client: the request, its time limit, and the response."""
    client = Service("Payment").client("cards", base_url="https://cards.example/v1", auth=Secret("KEY"), timeout="2s")
    actor = Acting()
    token = ACTING.set(actor)  # type: ignore[arg-type]
    response = asyncio.run(client.post("/charges", json={"amount": 5}, headers={"Idempotency-Key": "order-1"}))
    ACTING.reset(token)
    return *actor.requests[0], response


def test_the_request_reaches_the_port_below_the_base_url(exchange: tuple[HttpRequest, int, Any]) -> None:
    request, timeout_ns, _ = exchange
    assert (request.client, request.method, request.url) == ("cards", "POST", "https://cards.example/v1/charges")
    assert (request.body, timeout_ns) == (b'{"amount":5}', 2 * 10**9)


def test_the_secret_is_sent_as_a_bearer_token(exchange: tuple[HttpRequest, int, Any]) -> None:
    headers = dict(exchange[0].headers)
    assert headers["authorization"] == "Bearer value of KEY"
    assert headers["idempotency-key"] == "order-1"


def test_headers_that_vary_with_the_library_stay_out_of_the_records(exchange: tuple[HttpRequest, int, Any]) -> None:
    assert not {"user-agent", "accept-encoding", "connection", "host"} & {name for name, _ in exchange[0].headers}


def test_the_response_is_an_httpx_response(exchange: tuple[HttpRequest, int, Any]) -> None:
    assert (exchange[2].status_code, exchange[2].json()) == (201, {"ok": True})
