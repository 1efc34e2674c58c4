"""A tiny engine: asyncio on skipped time, memory that survives, a scripted bus. It can crash at any commit or point."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from textwrap import dedent
from typing import Any, NoReturn, TypeVar

import pytest

from studio.errors import CallTimeout, PublishFailed, ServiceUnavailable
from studio.graph.system import System
from studio.ports import Document, Envelope, HttpRequest, HttpResponse, Ports, Reply, Write
from studio.records import Record, SagaChange, SagaStep, Span
from studio.runtime.program import Program, compile_program
from studio.runtime.replica import Replica
from studio.runtime.saga.history import Entry
from studio.runtime.saga.journal import JOURNAL
from studio.runtime.saga.orchestrator import SagaReplica
from studio.simulation.cluster.memory import MemoryStorage
from studio.source.cell import cell_from_text

Result = TypeVar("Result")
Answer = Callable[[Envelope], Any]


class Crash(BaseException):
    """The end of a process, in mid-await."""


class _SkippingSelector(selectors.SelectSelector):
    """Does not wait: time jumps to what is due next."""

    now_s = 1.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing is left to run"
        self.now_s += max(0.0, timeout)
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop on skipped time."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now_s


class LoopClock:
    def now_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)

    async def sleep_ns(self, delay_ns: int) -> None:
        await asyncio.sleep(delay_ns / 1e9)


class Halves:
    def uniform(self, stream: str, *keys: int) -> float:
        return 0.5


class Ordinals:
    def __init__(self) -> None:
        self._last = 0

    def message(self) -> int:
        self._last += 1
        return self._last

    span = trace = message


class Log(list[Record]):
    def write(self, record: Record) -> None:
        self.append(record)


class Bus:
    """Answers calls as scripted, else by the replica that owns the address; keeps what is published."""

    def __init__(self) -> None:
        self.script: dict[str, Answer] = {}
        self.replicas: dict[str, Replica] = {}
        self.calls: list[Envelope] = []
        self.events: list[Envelope] = []
        self.refusals = 0

    async def request(self, envelope: Envelope) -> Reply:
        self.calls.append(envelope)
        answer = self.script.get(envelope.address)
        if answer is not None:
            reply = answer(envelope)
            return await reply if asyncio.iscoroutine(reply) else reply  # type: ignore[no-any-return]
        owner = envelope.address.partition(".")[0]
        if owner not in self.replicas:
            raise ServiceUnavailable(address=envelope.address, service=owner)
        return await asyncio.get_running_loop().create_task(self.replicas[owner].handle_call(envelope))

    async def publish(self, envelope: Envelope) -> None:
        if self.refusals:
            self.refusals -= 1
            raise PublishFailed(address=envelope.address)
        self.events.append(envelope)

    async def stream(self, address: str) -> AsyncIterator[Envelope]:
        for envelope in self.events:
            yield envelope


class Process:
    """One incarnation's fence: the port calls after its crash end it again; `doom` counts down to the crash."""

    def __init__(self, bench: Bench, doom: int = 0, *, after: bool = False) -> None:
        self._bench, self._doom, self._after = bench, doom, after
        self.is_dead = False
        self.armed, self.takes_time = True, False
        self.reached: list[tuple[str, str]] = []

    def check(self) -> None:
        if self.is_dead:
            raise Crash

    def crash(self) -> NoReturn:
        self.is_dead = True
        raise Crash

    async def reach(self, point: str, subject: str) -> None:
        self.check()
        self.reached.append((point, subject))
        if self._bench.crash_at == (point, subject):
            self._bench.crash_at = None
            self.crash()

    async def get(self, space: str, collection: str, key: str) -> Document | None:
        self.check()
        return await self._bench.storage.get(space, collection, key)

    async def find(self, *place: Any, **wanted: Any) -> list[Document]:
        self.check()
        return await self._bench.storage.find(*place, **wanted)

    async def commit(self, writes: Sequence[Write]) -> tuple[int, ...]:
        self.check()
        self._doom -= 1
        if self._doom == 0 and not self._after:
            self.crash()
        if self._bench.storage_fails:
            raise self._bench.storage_fails.pop(0)
        await asyncio.sleep(0)
        self.check()
        versions = await self._bench.storage.commit(writes)
        self._bench.timeline += [
            Entry.decode(write.body) for write in writes if write.collection == JOURNAL and write.body
        ]
        if self._doom == 0:
            self.crash()
        return versions

    async def request(self, envelope: Envelope) -> Reply:
        self.check()
        self._bench.timeline.append(envelope)
        reply = await self._bench.bus.request(envelope)
        self.check()
        return reply

    async def publish(self, envelope: Envelope) -> None:
        self.check()
        await self._bench.bus.publish(envelope)

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        return self._bench.bus.stream(address)

    async def send(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        return HttpResponse(200, (), b"{}")

    def setting(self, name: str) -> str | None:
        return None

    secret = setting


class Bench:
    """A system on the tiny engine; what it stores outlives every `run`."""

    def __init__(self, *cells: str) -> None:
        self.system = System()
        for cell in cells:
            self.define(cell)
        self.storage, self.bus, self.log, self.identity = MemoryStorage(), Bus(), Log(), Ordinals()
        self.crash_at: tuple[str, str] | None = None
        self.storage_fails: list[Exception] = []
        self.timeline: list[Entry | Envelope] = []  # what was journalled, and what was called
        self._programs: dict[str, Program] = {}
        self.process = Process(self)

    def define(self, cell: str) -> None:
        source = cell_from_text(dedent(cell).strip())
        assert source is not None
        self.system.define(source)

    def ports(self, doom: int = 0, *, after: bool = False) -> Ports:
        """Return the ports of a new process, doomed to crash before (or after) its n-th commit."""
        self.process = process = Process(self, doom, after=after)
        return Ports(LoopClock(), Halves(), self.identity, process, process, process, process, process, self.log)

    def run(self, main: Coroutine[Any, Any, Result]) -> Result:
        """Run something to its end on a loop of its own; whatever it left running ends with it."""
        loop = SkippingLoop()
        loop.set_exception_handler(lambda *_: None)
        try:
            return loop.run_until_complete(main)
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    @property
    def program(self) -> Program:
        """Return the system as it is now, compiled once."""
        digest = self.system.build().digest
        if digest not in self._programs:
            self._programs[digest] = compile_program(self.system.build())
        return self._programs[digest]

    def replica(self, name: str, number: int = 1) -> Replica:
        """Return a new incarnation of a service, on the bus from now on."""
        program = self.program
        definition = program.build.instantiate(name)
        replica = self.bus.replicas[name] = Replica.of(definition, name, number, program, self.ports())
        return replica

    def saga(self, name: str, doom: int = 0, *, after: bool = False, number: int = 1, **options: Any) -> SagaReplica:
        """Return a new incarnation of a saga's orchestrator."""
        replica = SagaReplica.of(name, number, self.program, self.ports(doom, after=after))
        for option, value in options.items():
            setattr(replica, f"_{option}", value)
        return replica

    def restart(self, saga: SagaReplica | None = None, name: str = "Buying") -> None:
        """Start an orchestrator (by default a new one), and wait until it has nothing left to do."""
        saga = saga or self.saga(name)

        async def main() -> None:
            await saga.start()
            await saga.settled()
            await asyncio.sleep(60)

        self.run(main())

    def settle(self, saga: SagaReplica, first: Coroutine[Any, Any, Result]) -> Result:
        """Do something with an orchestrator, and wait until it has nothing left to do."""

        async def main() -> Result:
            result = await first
            await saga.settled()
            return result

        return self.run(main())

    # -- what happened ----------------------------------------------------------------------------------------------

    def of(self, kind: type[Result]) -> list[Result]:
        return [record for record in self.log if isinstance(record, kind)]

    @property
    def states(self) -> list[str]:
        return [record.state for record in self.of(SagaChange)]

    @property
    def marks(self) -> list[str]:
        return [f"{record.step} {record.phase}" for record in self.of(SagaStep)]

    def spans(self, kind: str) -> list[Span]:
        return [record for record in self.of(Span) if record.kind == kind]

    def called(self, address: str) -> list[Envelope]:
        return [envelope for envelope in self.bus.calls if envelope.address == address]

    def published(self, address: str) -> list[Envelope]:
        return [envelope for envelope in self.bus.events if envelope.address == address]

    def keys(self, space: str, collection: str) -> list[str]:
        return [each.key for each in self.run(self.storage.find(space, collection))]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Return what makes a bench of cells."""
    return Bench


@pytest.fixture
def crash() -> type[BaseException]:
    """Return what a crash raises in tests."""
    return Crash


@pytest.fixture
def ok() -> Callable[[str], Answer]:
    """Return what makes a callee that answers."""
    return lambda body: lambda _: Reply("ok", body.encode())


@pytest.fixture
def ill() -> Mapping[str, Answer]:
    """Return callees that fail, by how."""

    def timeout(envelope: Envelope) -> Reply:
        raise CallTimeout(address=envelope.address, timeout="1 s")

    def unavailable(envelope: Envelope) -> Reply:
        raise ServiceUnavailable(address=envelope.address, service="")

    async def hang(_: Envelope) -> Reply:
        await asyncio.sleep(1e6)
        raise AssertionError

    return {
        "timeout": timeout,
        "unavailable": unavailable,
        "hang": hang,
        "broken": lambda _: Reply("failed", b"", "KeyError"),
        "declined": lambda _: Reply("error", b'{"text": "no", "fields": {}}', "Declined"),
        "fenced": lambda _: Reply("refused", b"replaced", "STU423"),
        "invalid": lambda _: Reply("refused", b"bad", "STU150"),
    }
