"""Put a build together in one process: replicas of every service and saga, on the in-process bus and one storage.

It gives the runtime its real ports and takes deliveries to replicas in turn. HTTP is `studio.serve.server`'s affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from dataclasses import dataclass
from typing import TypeVar

from studio.errors import ServiceUnavailable
from studio.graph.system import Build
from studio.model.duration import SECOND_NS
from studio.model.saga import Saga
from studio.model.service import Health, Service
from studio.ports import Clock, Envelope, Outbound, Ports, Recorder, Reply, Settings, Standing, Storage, Verdict
from studio.records import Life
from studio.runtime.program import compile_program
from studio.runtime.replica import Replica
from studio.runtime.saga.orchestrator import SagaReplica
from studio.serve.bus import LocalBus
from studio.serve.courier import Consumer, Post
from studio.serve.cron import Cron, ScheduledJob
from studio.serve.entropy import RandomIdentity, SecretRandomness
from studio.serve.grace import end_within
from studio.serve.sweep import Sweep

__all__ = ["Assembly", "Parts"]

Unit = TypeVar("Unit", Replica, SagaReplica)

SAGA_IN_FLIGHT = 1000
SAGA_MAX_DELIVER = 1000
"""A trigger is acknowledged as soon as its instance is journalled; only a storage that is away refuses it."""
SAGAS_AT_ONCE = 64
"""Instances that one orchestrator carries at once, as many as a consumer has events in flight. All share this process:
with hundreds of them under way, each waits for the others longer than its calls may take, and is undone for nothing but
the crowd. The rest wait, journalled."""
CHECK_S = 10.0
"""How long a health check may take."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an assembly stands on.

    Attributes:
        storage: Keeps everything that must outlive the process.
        clock: Tells the time.
        outbound: Reaches third parties.
        settings: Configuration and secrets.
        recorder: Takes the records; None for none.
    """

    storage: Storage
    clock: Clock
    outbound: Outbound
    settings: Settings
    recorder: Recorder | None = None


class _NoPoints:
    """The points of the real engine: crashes come unplanned."""

    armed = takes_time = False

    async def reach(self, point: str, subject: str) -> None:
        """Pass."""


class Assembly:
    """A build that runs for real.

    A service's module is executed once for each replica, as in the simulation: its globals are that replica's memory.

    Args:
        build: What runs.
        parts: What it stands on.
    """

    def __init__(self, build: Build, parts: Parts) -> None:
        self.build, self.parts = build, parts
        self.program = compile_program(build)
        self.health: dict[tuple[str, int], Health] = {}
        graph = build.graph
        post = Post(parts.storage, parts.clock, self._deliver, parts.recorder)
        owners = {address: owner for address, (owner, _) in graph.operations.items()}
        self.bus = LocalBus(post, self._answer, owners=owners, consumers=_consumers(build))
        self.cron = Cron(_jobs(build), parts.storage, parts.clock, self._run_job)
        self.sweep = Sweep(graph, parts.storage, parts.clock)
        self._ports = Ports(
            clock=parts.clock, randomness=SecretRandomness(), identity=RandomIdentity(), transport=self.bus,
            storage=parts.storage, outbound=parts.outbound, settings=parts.settings, points=_NoPoints(),
            recorder=parts.recorder, directory=self,
        )  # fmt: skip
        self.outside = Replica(Service("world"), 0, self.program, self._ports)
        self.services = {service.name: self._replicas(service) for service in _services(build)}
        self.sagas = {saga.name: self._orchestrators(saga) for saga in graph.sagas.values()}
        self._turns: dict[str, int] = {}
        self._checking: list[asyncio.Task[None]] = []

    def _replicas(self, service: Service) -> list[Replica]:
        definition = self.build.definition_of(Service, service.name)
        return [
            Replica.of(self.build.instantiate(definition), service.name, number, self.program, self._ports)
            for number in _numbers(service.replicas)
        ]

    def _orchestrators(self, saga: Saga) -> list[SagaReplica]:
        numbers = _numbers(saga.replicas)
        return [
            SagaReplica.of(saga.name, number, self.program, self._ports, running_max=SAGAS_AT_ONCE)
            for number in numbers
        ]

    # -- life -------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Carry on with what an earlier process left: undelivered events, outboxes, unfinished sagas; then the jobs."""
        await self.bus.start()
        for replica in self._all():
            self._note(replica, "started")
            await replica.start()
        self.cron.start()
        self.sweep.start()
        self._checking = [
            asyncio.create_task(self._check(replica), context=Context())
            for replicas in self.services.values()
            for replica in replicas
            if replica.service.checks
        ]

    async def stop(self, grace_ns: int) -> None:
        """Begin nothing new, let what runs go on for a grace time, and leave the rest to the next start.

        Jobs and sagas end first, since they need the bus; what they leave is in their journals.
        """
        end_ns = self.parts.clock.now_ns() + grace_ns
        await end_within(self._checking, self.parts.clock, 0)
        await self.sweep.stop()
        sagas = [replica.stop(grace_ns=grace_ns) for replicas in self.sagas.values() for replica in replicas]
        await asyncio.gather(self.cron.stop(grace_ns), *sagas)
        await self.bus.stop(max(0, end_ns - self.parts.clock.now_ns()))
        for replica in self._all():
            replica.spans.abandon("unfinished")
            self._note(replica, "stopped")

    def _all(self) -> list[Replica | SagaReplica]:
        services = [replica for replicas in self.services.values() for replica in replicas]
        return [*services, *(replica for replicas in self.sagas.values() for replica in replicas)]

    def _note(self, replica: Replica | SagaReplica, change: str) -> None:
        if self.parts.recorder is not None:
            now_ns = self.parts.clock.now_ns()
            self.parts.recorder.write(Life(now_ns, replica.name, replica.number, 1, change, ""))

    # -- deliveries -------------------------------------------------------------------------------------------------

    def pick(self, service: str, number: int = 0) -> Replica:
        """Return the replica of a service that has a number, or for 0 the next one, in turn.

        Raises:
            ServiceUnavailable: There is none of that number.
        """
        replicas = self.services[service]
        if number > len(replicas):
            raise ServiceUnavailable(address=f"{service}/{number}", service=service)
        return replicas[number - 1] if number else self._next(service, replicas)

    def replicas(self, service: str) -> tuple[Standing, ...]:
        """Return the replicas of a service in this process, each with what its latest health check found."""
        found = self.services.get(service, [])
        well = Health()
        return tuple(Standing(each.number, self.health.get((service, each.number), well).ok) for each in found)

    def _next(self, owner: str, replicas: list[Unit]) -> Unit:
        turn = self._turns[owner] = (self._turns.get(owner, -1) + 1) % len(replicas)
        return replicas[turn]

    async def _answer(self, owner: str, envelope: Envelope) -> Reply:
        if owner not in self.services:
            raise ServiceUnavailable(address=envelope.address, service=owner)
        return await self.pick(owner, envelope.to).handle_call(envelope)

    async def _deliver(self, owner: str, subscription: str, envelope: Envelope, attempt: int) -> Verdict:
        if owner in self.services:
            return await self.pick(owner).handle_event(subscription, envelope, attempt)
        return await self._next(owner, self.sagas[owner]).handle_event(envelope, attempt)

    async def _run_job(self, service: str, job: str, tick_ns: int) -> bool:
        return await self.pick(service).run_job(job, tick_ns)

    # -- health -----------------------------------------------------------------------------------------------------

    async def _check(self, replica: Replica) -> None:
        """Check a replica at the shortest interval of its checks, from now on."""
        interval_ns = min(check.interval_ns for check in replica.service.checks)
        while True:
            self.health[replica.name, replica.number] = await _checked(replica.check_health())
            await self.parts.clock.sleep_ns(interval_ns)


async def _checked(check: Awaitable[Health]) -> Health:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check
    except TimeoutError:
        return Health(ok=False, detail=f"no answer within {CHECK_S:g} s")


def _services(build: Build) -> list[Service]:
    return list(build.graph.services.values())


def _jobs(build: Build) -> list[ScheduledJob]:
    return [ScheduledJob(service.name, job.name, job.schedule) for service in _services(build) for job in service.jobs]


def _numbers(replicas: int) -> range:
    return range(1, replicas + 1)


def _consumers(build: Build) -> list[Consumer]:
    subscriptions = [
        Consumer(service.name, each.name, each.patterns, each.ack_wait_ns, each.max_deliver, each.in_flight)
        for service in _services(build)
        for each in service.subscriptions
    ]
    sagas = [
        Consumer(saga.name, saga.name, (str(saga.on),), 30 * SECOND_NS, SAGA_MAX_DELIVER, SAGA_IN_FLIGHT)
        for saga in build.graph.sagas.values()
    ]
    return [*subscriptions, *sagas]
