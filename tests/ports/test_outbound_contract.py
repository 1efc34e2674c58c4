"""The contract of the port Outbound: a stub in the simulation, a server on the loopback in the real engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from textwrap import dedent
from typing import Any, TypeVar

import httpx
import pytest

from studio import down, lose
from studio.graph.system import System
from studio.ports import ACTING, HttpRequest, HttpResponse, Outbound
from studio.serve.network import NetworkOutbound
from studio.simulation.cluster.cluster import Cluster, Conditions
from studio.simulation.cluster.outside import Outside
from studio.source.cell import cell_from_text

Result = TypeVar("Result")
Ask = Callable[..., Awaitable[HttpResponse]]
Work = Callable[[Ask], Coroutine[Any, Any, Result]]
SECOND_NS = 10**9

STUB = """%%external cards
@external.post("/echo/{name}")
async def echo(request: Request) -> Response:
    told = {"method": request.method, "name": request.parameters["name"], "query": request.query,
            "trace": request.headers.get("x-trace"), "body": request.body.decode()}
    return Response(201, json=told, headers={"X-Id": "1"})

@external.get("/empty")
async def empty(request: Request) -> Response:
    return Response(204)

@external.get("/broken")
async def broken(request: Request) -> Response:
    return Response(503, json={"error": "later"})
"""


def stub_asked(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """Answer as the stub does."""
    if path.startswith("/echo/"):
        told = {"method": method, "name": path.removeprefix("/echo/"), "query": query, "trace": headers.get("x-trace")}
        return 201, json.dumps({**told, "body": body.decode()}).encode()
    return {"/empty": (204, b""), "/broken": (503, b'{"error":"later"}')}.get(path, (404, b"{}"))


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak HTTP with one client; at /hang, say nothing."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        first, *lines = head.decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        url = httpx.URL(f"http://cards{first.split()[1]}")
        if url.path == "/hang":
            await asyncio.Event().wait()
        status, answer = stub_asked(first.split()[0], url.path, dict(url.params), headers, body)
        told = (
            f"HTTP/1.1 {status} Told\r\ncontent-length: {len(answer)}\r\ncontent-type: application/json\r\nX-Id: 1\r\n"
        )
        writer.write(told.encode() + b"\r\n" + answer)


@asynccontextmanager
async def third_party() -> AsyncIterator[str]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await converse(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for task in tasks:
        task.cancel()
    server.close()


def asking(outbound: Outbound, base: str) -> Ask:
    async def ask(
        method: str = "GET", path: str = "/empty", *, body: bytes = b"", wait_ns: int = 5 * SECOND_NS, **headers: str
    ) -> HttpResponse:
        told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return await outbound.send(HttpRequest("cards", method, base + path, told, body), timeout_ns=wait_ns)

    return ask


def simulated(work: Work[Result], fault: str) -> Result:
    system = System()
    source = cell_from_text(dedent(STUB))
    assert source is not None
    system.define(source)
    plan = {"": (), "refused": (down("cards"),), "silent": (lose("cards", leg="reply"),)}[fault]
    cluster = Cluster(system.build(), Conditions(plan=plan), None)
    cluster.start()

    async def run() -> Result:
        ACTING.set(Outside(cluster).handling("test"))
        return await work(asking(cluster.outbound, "https://cards.example"))

    task = cluster.spawn(None, run(), lambda _: None)
    try:
        cluster.loop.run_until_complete(task)
        result: Result = task.result()
    finally:
        cluster.close()
    return result


def real(work: Work[Result], fault: str) -> Result:
    async def run() -> Result:
        async with asyncio.timeout(20), third_party() as url, NetworkOutbound() as outbound:
            base = "http://127.0.0.1:1" if fault == "refused" else url
            return await work(asking(outbound, base))

    return asyncio.run(run())


@pytest.fixture(params=[simulated, real])
def played(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Play work in each engine; `fault` is `refused` or `silent`."""

    def play(work: Work[Any], fault: str = "") -> Any:
        return request.param(work, fault)

    return play


def test_a_request_arrives_whole_and_its_response_comes_whole(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> HttpResponse:
        return await ask("POST", "/echo/ada%20b?a=1&b=%C3%BC", body='{"ü":1}'.encode(), x_trace="7")

    response = played(work)
    assert response.status == 201
    told = {"method": "POST", "name": "ada b", "query": {"a": "1", "b": "ü"}, "trace": "7", "body": '{"ü":1}'}
    assert json.loads(response.body) == told


def test_names_of_headers_come_in_lower_case(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> HttpResponse:
        return await ask("POST", "/echo/ada")

    headers = dict(played(work).headers)
    assert (headers["x-id"], headers["content-type"]) == ("1", "application/json")
    assert not {"content-length", "transfer-encoding", "content-encoding"} & set(headers)


@pytest.mark.parametrize(("path", "status", "body"), [("/empty", 204, b""), ("/broken", 503, b'{"error":"later"}')])
def test_whatever_its_status_a_response_is_no_error(
    played: Callable[..., Any], path: str, status: int, body: bytes
) -> None:
    async def work(ask: Ask) -> HttpResponse:
        return await ask("GET", path)

    response = played(work)
    assert (response.status, response.body) == (status, body)


def test_what_is_not_there_is_a_404(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> int:
        return (await ask("GET", "/nowhere")).status

    assert played(work) == 404


def test_who_is_not_there_is_a_connect_error(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> None:
        with pytest.raises(httpx.ConnectError):
            await ask()

    played(work, "refused")


def test_who_does_not_answer_in_time_is_a_read_timeout(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await ask("GET", "/hang", wait_ns=SECOND_NS // 20)

    played(work, "silent")


def test_several_requests_are_under_way_at_once(played: Callable[..., Any]) -> None:
    async def work(ask: Ask) -> list[int]:
        return [response.status for response in await asyncio.gather(*(ask() for _ in range(20)))]

    assert played(work) == [204] * 20
