"""Both engines, so that one suite holds each port against either: services whose handlers do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from studio.graph.system import Build, System
from studio.model.delivery import BUSES
from studio.model.service import Service
from studio.ports import Envelope, Reply, Settings, Storage, Verdict
from studio.runtime.replica import Replica
from studio.serve.assembly import Assembly, Parts
from studio.serve.environment import EnvironmentSettings
from studio.serve.network import NetworkOutbound
from studio.serve.sqlite import SqliteStorage
from studio.serve.walltime import WallClock
from studio.simulation.cluster.cluster import Cluster, Conditions
from studio.source.cell import cell_from_text

Result = TypeVar("Result")
MS_NS = 1_000_000

CELLS = (
    """%%contracts things
class Thing(Contract):
    id: str

event($.Thing.made, Thing, key="id")
event($.Thing.sold, Thing, key="id")
""",
    """%%service Shop --replicas 2
@service.operation($.Shop.sell)
async def sell(thing: Thing) -> Thing:
    return thing

@service.on($.Thing.made, in_flight=2)
async def made(thing: Thing) -> None: ...
""",
    """%%service Mail
@service.on("Thing.*")
async def write(thing: Thing) -> None: ...
""",
    """%%service Hasty
@service.on($.Thing.sold, ack_wait="100ms", max_deliver=3)
async def sold(thing: Thing) -> None: ...
""",
)


class Shop:
    """What the services do, and what they have seen.

    Attributes:
        answer: Of `Shop.sell`.
        takes: How a service takes events; one that is not named acknowledges.
        seen: Service, replica, message and attempt of every delivery.
    """

    def __init__(self) -> None:
        self.ports: Any = None
        self.answer: Callable[[Envelope], Awaitable[Reply]] = self.echo
        self.takes: dict[str, Callable[[Envelope, int], Awaitable[Verdict]]] = {}
        self.seen: list[tuple[str, int, int, int]] = []
        self.stop: Callable[[str], object] = lambda service: None

    async def echo(self, envelope: Envelope) -> Reply:
        return Reply("ok", envelope.body)

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Wait for something, in the engine's time."""
        while not is_so():
            await self.ports.clock.sleep_ns(MS_NS)

    async def take(self, service: str, replica: int, envelope: Envelope, attempt: int) -> Verdict:
        self.seen.append((service, replica, envelope.message, attempt))
        takes = self.takes.get(service)
        return await takes(envelope, attempt) if takes else Verdict("acknowledged")

    def of(self, service: str) -> list[tuple[int, int]]:
        """Messages and attempts that a service has seen."""
        return [(message, attempt) for name, _, message, attempt in self.seen if name == service]


class Scripted(Replica):
    """A replica below the corridor: what a test says is what is done."""

    shop: Shop

    async def handle_call(self, envelope: Envelope) -> Reply:
        self.shop.seen.append((self.name, self.number, envelope.message, envelope.attempt))
        return await self.shop.answer(envelope)

    async def handle_event(self, subscription: str, envelope: Envelope, attempt: int) -> Verdict:
        return await self.shop.take(self.name, self.number, envelope, attempt)


def scripted(replica: Replica, shop: Shop) -> Scripted:
    made = Scripted(replica.service, replica.number, replica.program, replica.ports)
    made.shop = shop
    return made


class ScriptedCluster(Cluster):
    """The simulated engine."""

    shop: Shop

    def _execute(self, node: Any) -> Any:
        return scripted(super()._execute(node), self.shop)

    def down(self, service: str) -> None:
        for node in self.fleets[service].nodes:
            self.crash(node, 10**15, "")


class ScriptedAssembly(Assembly):
    """The real engine."""

    def __init__(self, build: Build, parts: Parts, shop: Shop) -> None:
        self.shop = shop
        super().__init__(build, parts)

    def _replicas(self, service: Service) -> list[Replica]:
        return [scripted(replica, self.shop) for replica in super()._replicas(service)]


Work = Callable[[Shop], Coroutine[Any, Any, Result]]


class Engine(Protocol):
    """Runs a piece of work among the services, and returns what it returns."""

    def __call__(self, work: Work[Result], /) -> Result: ...


def _build() -> Build:
    system = System()
    system.define_all(source for text in CELLS if (source := cell_from_text(text)) is not None)
    return system.build()


@pytest.fixture(scope="session")
def build() -> Build:
    return _build()


def simulated(build: Build, work: Work[Result], bus: str = "jetstream") -> Result:
    cluster, shop = ScriptedCluster(build, Conditions(seed=7, bus=bus), None), Shop()
    cluster.shop, shop.ports, shop.stop = shop, cluster.outside.ports, cluster.down
    cluster.start()
    task = cluster.spawn(None, work(shop), lambda _: None)
    try:
        cluster.loop.run_until_complete(task)
        result: Result = task.result()
    finally:
        cluster.close()
    return result


class _Served:
    """The real engine, for as long as it takes."""

    def __init__(self, build: Build, storage: Storage, network: NetworkOutbound, settings: Settings) -> None:
        self.shop = Shop()
        self.assembly = ScriptedAssembly(build, Parts(storage, WallClock(), network, settings), self.shop)
        self.shop.ports = self.assembly.outside.ports
        self.shop.stop = self.assembly.services.__delitem__

    async def run(self, work: Work[Result]) -> Result:
        await self.assembly.start()
        try:
            async with asyncio.timeout(20):
                return await work(self.shop)
        finally:
            await self.assembly.stop(0)


def real(build: Build, work: Work[Result], folder: Path) -> Result:
    async def run() -> Result:
        async with SqliteStorage(folder / "studio.sqlite") as storage, NetworkOutbound() as network:
            return await _Served(build, storage, network, EnvironmentSettings({})).run(work)

    return asyncio.run(run())


@pytest.fixture(params=["simulated", "real"])
def engine(request: pytest.FixtureRequest, build: Build, tmp_path: Path) -> Engine:
    """Each engine in turn; a test that is about events names the simulated brokers that promise what it holds."""
    if request.param == "simulated":
        return lambda work: simulated(build, work)
    if request.param in BUSES:
        return lambda work: simulated(build, work, request.param)
    return lambda work: real(build, work, tmp_path)
