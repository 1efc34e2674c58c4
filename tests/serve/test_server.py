"""The whole real engine at a loopback port: HTTP, sagas, probes, a graceful end, and a kill in mid-saga."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from studio.errors import AddressInUse, DatabaseInUse
from studio.graph.system import Build, System
from studio.serve.server import Server, ServeSettings
from studio.source.cell import cell_from_text

CELLS = (
    """%%contracts orders
class Order(Contract):
    id: str

class Step(Contract):
    name: str

event($.Order.created, Order, key="id")
event($.Order.completed, Order, key="id")
""",
    """%%service Shop --replicas 2
import asyncio
import time

done = service.collection("done", Step, key="name")
orders = service.counter("orders_total")
mine = []

@service.operation($.Shop.reserve, idempotent=True, timeout="60s")
async def reserve(order: Order) -> Step:
    return await keep("reserved")

@service.operation($.Shop.charge, idempotent=True, timeout="60s")
async def charge(order: Order) -> Step:
    log.info("charging")
    while setting("GATE", "open") == "closed":
        await asyncio.sleep(0.01)
    return await keep("charged")

async def keep(name):
    step = Step(name=name)
    await done.put(step)
    return step

@service.on($.Order.completed)
async def completed(order: Order) -> None:
    await keep("completed")

@service.post("/orders", status_code=201)
async def create(order: Order) -> Order:
    orders.inc()
    await publish($.Order.created, order)
    return order

@service.get("/done")
async def show() -> list[Step]:
    return await done.query()

@service.get("/mine")
def remember() -> int:
    time.sleep(0.01)
    mine.append(1)
    return len(mine)

@service.get("/gate")
async def gate() -> str:
    log.info("at the gate")
    while setting("GATE", "open") == "closed":
        await asyncio.sleep(0.01)
    return "through"

@service.get("/changes")
async def changes():
    async for order in stream($.Order.created):
        yield order

@service.health(interval="10ms")
async def check() -> Health:
    return Health(ok=setting("ILL", "") == "", detail="ill")
""",
    """%%saga Checkout --on $.Order.created --completed $.Order.completed --version 1.0.0
@saga.step(timeout="60s")
async def reserve(order: Order) -> Step:
    return await call($.Shop.reserve, order)

@reserve.compensation
async def release(order: Order, done: Step | None) -> None:
    pass

@saga.step(kind="pivot", timeout="60s")
async def charge(order: Order) -> Step:
    return await call($.Shop.charge, order)
""",
)


def _build() -> Build:
    system = System()
    for text in CELLS:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    return system.build()


class GivenSettings:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def setting(self, name: str) -> str | None:
        return self.values.get(name)

    def secret(self, name: str) -> str | None:
        return self.values.get(name)


class Lines(io.StringIO):
    """A log to wait at; it is written by a thread of the server's."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def write(self, line: str, /) -> int:
        self._loop.call_soon_threadsafe(self._texts.put_nowait, json.loads(line)["text"])
        return super().write(line)

    async def until(self, text: str) -> None:
        while await self._texts.get() != text:
            pass


class Served:
    """A server that runs in this loop, and a client of it."""

    def __init__(self, folder: Path) -> None:
        self.lines, self.settings = Lines(), GivenSettings()
        wanted = ServeSettings(port=0, data=folder / "shop.sqlite", grace="5s")
        self.server = Server(_build(), wanted, environment=self.settings, stream=self.lines)
        self.running = asyncio.create_task(self.server.run())

    async def __aenter__(self) -> Self:
        await self.lines.until("serving")
        self.client = httpx.AsyncClient(base_url=self.server.url)
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.server.stop()
        await self.running
        await self.client.aclose()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with asyncio.timeout(30), Served(tmp_path) as running:
        yield running


@pytest.mark.anyio
async def test_an_order_over_http_runs_its_saga_to_the_end(served: Served) -> None:
    answer = await served.client.post("/orders", json={"id": "a"})
    assert (answer.status_code, answer.json()) == (201, {"id": "a"})
    await served.lines.until("saga Checkout: completed")


@pytest.mark.anyio
async def test_each_replica_has_a_module_of_its_own_and_they_take_turns(served: Served) -> None:
    assert [(await served.client.get("/mine")).json() for _ in range(4)] == [1, 1, 2, 2]


@pytest.mark.anyio
async def test_operations_and_events_answer_over_http(served: Served) -> None:
    answer = await served.client.post("/operations/Shop.reserve", json={"id": "a"})
    assert answer.json() == {"name": "reserved"}
    assert (await served.client.post("/events/Order.created", json={"id": "b"})).status_code == 202
    assert (await served.client.post("/operations/Shop.reserve", json={})).json()["code"] == "STU150"
    assert (await served.client.get("/nowhere")).json()["code"] == "STU451"


@pytest.mark.anyio
async def test_streamed_events_arrive_while_the_stream_is_open(served: Served) -> None:
    async with served.client.stream("GET", "/changes") as news:
        await served.client.post("/events/Order.created", json={"id": "a"})
        line = await anext(news.aiter_lines())
    assert json.loads(line.removeprefix("data: ")) == {"id": "a"}


@pytest.mark.anyio
async def test_an_open_stream_does_not_hold_up_the_end(served: Served) -> None:
    async with served.client.stream("GET", "/changes") as news:
        served.server.stop()
        assert [line async for line in news.aiter_lines()] == []
    await served.running


@pytest.mark.anyio
async def test_probes_and_metrics_tell_what_is(served: Served) -> None:
    await served.client.post("/orders", json={"id": "a"})
    assert (await served.client.get("/livez")).status_code == 200
    assert (await served.client.get("/readyz")).json() == {"status": "ready", "findings": {}}
    metrics = (await served.client.get("/metrics")).text
    assert 'orders_total{service="Shop"} 1.0' in metrics
    assert 'studio_replicas{service="Checkout"} 1.0' in metrics


@pytest.mark.anyio
async def test_a_crowd_of_requests_is_answered_and_every_line_of_the_log_is_json(served: Served) -> None:
    def order(number: int) -> Awaitable[httpx.Response]:
        return served.client.post("/orders", json={"id": f"o{number}"}, timeout=25)

    answers = await asyncio.gather(*(order(number) for number in range(200)))
    assert {answer.status_code for answer in answers} == {201}
    families = text_string_to_metric_families((await served.client.get("/metrics")).text)
    assert {"orders", "studio_messages", "studio_replicas"} <= {family.name for family in families}
    assert all("at" in json.loads(line) for line in served.lines.getvalue().splitlines())


@pytest.mark.anyio
async def test_a_service_that_is_ill_is_not_ready(served: Served) -> None:
    served.settings.values["ILL"] = "yes"
    while (answer := await served.client.get("/readyz")).status_code == 200:
        pass
    assert "ill" in answer.json()["findings"].values()


@pytest.mark.anyio
async def test_stopping_waits_for_requests_under_way(served: Served) -> None:
    served.settings.values["GATE"] = "closed"
    request = asyncio.create_task(served.client.get("/gate"))
    await served.lines.until("at the gate")
    served.server.stop()
    await served.lines.until("draining")
    served.settings.values["GATE"] = "open"
    assert (await request).json() == "through"
    await served.running
    texts = [json.loads(line)["text"] for line in served.lines.getvalue().splitlines()]
    assert [text for text in texts if text in ("serving", "draining", "stopped")] == ["serving", "draining", "stopped"]


@pytest.mark.anyio
async def test_openapi_and_its_page_are_served(served: Served) -> None:
    described = (await served.client.get("/openapi.json")).json()
    assert {"/orders", "/operations/Shop.charge", "/events/Order.created"} <= set(described["paths"])
    assert "swagger" in (await served.client.get("/docs")).text


@pytest.mark.anyio
async def test_a_port_or_a_file_in_use_is_refused(served: Served, tmp_path: Path) -> None:
    port = int(served.server.url.rpartition(":")[2])
    with pytest.raises(AddressInUse, match=str(port)):
        await Server(_build(), ServeSettings(port=port, data=tmp_path / "other.sqlite"), stream=io.StringIO()).run()
    with pytest.raises(DatabaseInUse):
        await Server(_build(), ServeSettings(port=0, data=tmp_path / "shop.sqlite"), stream=io.StringIO()).run()


# -- as a process of its own -------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from pathlib import Path
from studio.graph.system import System
from studio.serve.server import ServeSettings, serve
from studio.source.cell import cell_from_text

system = System()
for cell in Path(sys.argv[1]).read_text().split("\\n=====\\n"):
    system.define(cell_from_text(cell))
serve(system.build(), ServeSettings(port=0, data=Path(sys.argv[2]), grace="1s"))
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    cells = tmp_path / "cells"
    cells.write_text("\n=====\n".join(CELLS))
    processes: list[subprocess.Popen[str]] = []

    def run(gate: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, str(cells), str(tmp_path / "shop.sqlite")]
        environment = {**os.environ, "GATE": gate}
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str], text: str) -> dict[str, str]:
    """Read a process's log up to a line."""
    assert process.stdout is not None
    lines: Iterator[dict[str, str]] = (json.loads(line) for line in process.stdout)
    return next(line for line in lines if line["text"] == text)


def test_a_saga_killed_in_the_middle_finishes_after_the_next_start(start: Start) -> None:
    first = start("closed")
    httpx.post(_line(first, "serving")["url"] + "/orders", json={"id": "a"})
    _line(first, "charging")
    first.kill()
    first.wait()
    second = start("open")
    assert _line(second, "saga Checkout: completed")["saga"] == "Checkout/a"
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=20) == 0
