"""Orchestrate a saga: an instance for each event, many carried at once, taken over after a crash, steered by operators.

One `SagaReplica` is one incarnation of one replica of a saga, as `studio.runtime.replica.Replica` is of a service:
engines give it events, and it acts through the same ports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial

from pydantic import ValidationError

from studio.contract import codec, invalid_message
from studio.errors import (
    Fenced,
    InvalidMessage,
    SagaStepMissing,
    SagaVersionMissing,
    StorageUnavailable,
    StudioError,
    UnknownSagaInstance,
)
from studio.graph.versions import is_newer
from studio.model.saga import Saga
from studio.ports import ACTING, Envelope, Ports, Verdict
from studio.records import LogLine
from studio.runtime.acting import Handling
from studio.runtime.outbox import Outbox
from studio.runtime.policies.caller import CallerPolicies
from studio.runtime.program import Program
from studio.runtime.publishing import publish_event
from studio.runtime.saga.conduct import Conduct
from studio.runtime.saga.endings import park
from studio.runtime.saga.journal import INSTANCES, UNFINISHED, Journal, SagaInstance, patiently
from studio.runtime.spans import OpenSpan, Spans, describe

__all__ = ["ABANDONED", "SagaReplica"]

RUNNING_MAX = 1000
"""Instances carried at once; the rest wait, started and journalled, for their turn."""
ABANDONED = "abandoned by an operator"
"""Reason of an instance that was stuck and given up."""
_PAGE = 1000
_ANY_STATE = (*UNFINISHED, "stuck")


class SagaReplica:
    """A saga's orchestrator in one process, from its start to its crash or stop.

    Args:
        sagas: Every version that is kept, as this incarnation's own execution of their modules declared them.
        number: Of the replica, from 1.
        program: Shared by all.
        ports: Through which it acts.
        current: Version that new instances start with; by default that of the program's graph, else the last given.
        running_max: Instances carried at once.
    """

    def __init__(
        self,
        sagas: Iterable[Saga],
        number: int,
        program: Program,
        ports: Ports,
        *,
        current: str = "",
        running_max: int = RUNNING_MAX,
    ) -> None:
        by_version = {saga.version: saga for saga in sagas}
        last = list(by_version.values())[-1]
        known = program.graph.sagas.get(last.name)
        self.versions: Mapping[str, Saga] = by_version
        self.saga = by_version.get(current or (known.version if known else ""), last)
        self.name, self.number, self.program, self.ports = last.name, number, program, ports
        self.spans = Spans(ports, self.name, number)
        self.policies = CallerPolicies(self.name, number, program, ports)
        self.outbox = Outbox(self)
        self._running_max = running_max
        self._waiting: dict[str, Journal | None] = {}  # None: to be taken over when its turn comes
        self._journals: dict[str, Journal] = {}  # of those that run, once this orchestrator holds them
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beginning: set[str] = set()  # their start is being committed
        self._is_stopping = False

    @classmethod
    def of(
        cls, name: str, number: int, program: Program, ports: Ports, *, running_max: int = RUNNING_MAX, until: str = ""
    ) -> SagaReplica:
        """Execute every definition that declares a version of a saga, and return a replica of it.

        Args:
            name: Of the saga.
            number: Of the replica, from 1.
            program: Shared by all.
            ports: Through which it acts.
            running_max: Instances carried at once.
            until: Latest version that it has, and starts instances with, as before a deploy, retired or not; empty for
                all that are kept and not retired.
        """
        build = program.build
        sagas = [
            saga
            for definition in program.graph.definitions.values()
            if any(each.name == name for each in definition.declarations.of(Saga))
            for saga in build.instantiate(definition.name).declarations.of(Saga)
            if saga.name == name and not (until and is_newer(saga.version, until))
            if saga.version == until or not saga.retired
        ]
        return cls(sagas, number, program, ports, current=until, running_max=running_max)

    async def start(self) -> None:
        """Send what an earlier incarnation published and did not send, and take its unfinished instances over.

        Taken are those of this replica's number, and of numbers that the saga no longer has. An orchestrator that lives
        on under the same number is fenced from each as its turn comes.
        """
        await self.outbox.start()
        for state in UNFINISHED:
            after = ""
            while found := await patiently(self.ports, partial(self.instances, state, limit=_PAGE, after=after)):
                for instance in found:
                    if instance.owner == self.number or instance.owner > self.saga.replicas:
                        self._waiting.setdefault(instance.id, None)
                after = found[-1].id
        self._carry_on()

    async def stop(self, *, grace_ns: int = 0) -> None:
        """Let instances that run go on for a while, then cancel them; the next start carries on from their journals.

        Args:
            grace_ns: How long to wait before cancelling.
        """
        self._is_stopping = True
        tasks = list(self._tasks.values())
        if tasks and grace_ns:
            await asyncio.wait(tasks, timeout=grace_ns / 1e9)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def settled(self) -> None:
        """Return once no instance runs or waits for its turn here."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
            await asyncio.sleep(0)  # for what their ends set going

    # -- events -----------------------------------------------------------------------------------------------------

    async def handle_event(self, envelope: Envelope, attempt: int) -> Verdict:
        """Start an instance, or join the one that the event's key has; never raises but for crashes and cancellation.

        It is acknowledged once the instance is journalled as started; the instance then runs on its own.

        Args:
            envelope: The event.
            attempt: Of the delivery, from 1.
        """
        try:
            if self.ports.points.armed:
                ACTING.set(Handling(self, envelope, envelope.span))  # so that a point knows what is being handled
                await self.ports.points.reach("before-trigger", envelope.address)
            await self._begin(envelope)
            if self.ports.points.armed:
                await self.ports.points.reach("before-acknowledge", envelope.address)
        except Exception as error:  # noqa: BLE001 - the bus delivers again
            return Verdict("refused", describe(error)[1])
        return Verdict("acknowledged")

    async def _begin(self, envelope: Envelope) -> None:
        self._check(envelope)
        id_ = f"{self.name}/{envelope.key or envelope.message}"
        if id_ in self._tasks or id_ in self._waiting:
            return
        self._beginning.add(id_)
        try:
            journal = await Journal.begin(self.ports, self._instance(id_, envelope), _decisive(self.saga))
        finally:
            self._beginning.discard(id_)
        if journal is None:
            await self._join(id_)
        else:
            self._waiting[id_] = journal
            self._carry_on()

    async def _join(self, id_: str) -> None:
        """See to it that an instance which is ours, and which nobody here carries, is carried."""
        found = await self._find(id_)
        is_carried = id_ in self._tasks or id_ in self._waiting or id_ in self._beginning
        if found.state in UNFINISHED and found.owner == self.number and not is_carried:
            self._waiting[id_] = None
            self._carry_on()

    def _check(self, envelope: Envelope) -> None:
        """Refuse a trigger that no step could read."""
        try:
            codec(self.saga.takes).decode(envelope.body)
        except ValidationError as error:
            refusal: InvalidMessage = invalid_message(self.saga.takes, error, service=self.name, operation="trigger")
            raise refusal from error

    def _instance(self, id_: str, envelope: Envelope) -> SagaInstance:
        return SagaInstance(
            id=id_,
            saga=self.name,
            version=self.saga.version,
            state="running",
            epoch=1,
            owner=self.number,
            body=envelope.body.decode(),
            key=envelope.key,
            message=envelope.message,
            trace=envelope.trace or self.ports.identity.trace(),
            span=envelope.span,
            causal=envelope.causal,
            principal=envelope.principal,
            started_ns=self.ports.clock.now_ns(),
        )

    # -- operators --------------------------------------------------------------------------------------------------

    def carries(self, id_: str) -> bool:
        """Say whether an instance runs, or waits for its turn, here."""
        return id_ in self._tasks or id_ in self._waiting

    async def instances(self, state: str = "", *, limit: int = 1000, after: str = "") -> list[SagaInstance]:
        """Return instances by id, in one state or in any.

        Args:
            state: running, compensating, completed, compensated, stuck or abandoned; empty for any.
            limit: At most so many.
            after: Only ids greater than this one.
        """
        where = {"state": state} if state else None
        found = await self.ports.storage.find(self.name, INSTANCES, where, limit=limit, after=after)
        return [SagaInstance.decode(document.body) for document in found]

    async def cancel(self, id_: str) -> bool:
        """Undo an instance, unless a step that cannot be undone has begun: then it is carried on to its end.

        A stuck instance is set going again, in the one direction or the other.

        Returns:
            Whether it is (or has been) undone.

        Raises:
            UnknownSagaInstance: There is none of that id.
        """
        held = self._journals.get(id_) or self._waiting.get(id_)
        if held is not None and held.instance.state in UNFINISHED:
            with suppress(Fenced):  # another orchestrator took it meanwhile; so do we, below
                return await held.cancel()
        journal = await self._take(id_, _ANY_STATE)
        if journal is None:
            return (await self._find(id_)).state == "compensated"
        cancelled = await journal.cancel()
        self._take_up(journal)
        return cancelled

    async def resume(self, id_: str) -> bool:
        """Set a stuck instance going again, from where it got stuck, with all its attempts; False if it is not stuck.

        Raises:
            UnknownSagaInstance: There is none of that id.
        """
        await self._find(id_)
        journal = await self._take(id_, ("stuck",))
        if journal is None:
            return False
        self._take_up(journal)
        return True

    async def abandon(self, id_: str) -> bool:
        """Give a stuck instance up for good, as it stands; what its steps did is left to the operator.

        Returns:
            False if it is not stuck.

        Raises:
            UnknownSagaInstance: There is none of that id.
        """
        await self._find(id_)
        taken = await Journal.take_over(self.ports, self.name, id_, self.number, ("stuck",), given_up=ABANDONED)
        return taken is not None

    async def _find(self, id_: str) -> SagaInstance:
        document = await self.ports.storage.get(self.name, INSTANCES, id_)
        if document is None:
            raise UnknownSagaInstance(saga=self.name, instance=id_)
        return SagaInstance.decode(document.body)

    async def _take(self, id_: str, states: tuple[str, ...] = UNFINISHED) -> Journal | None:
        journal = await Journal.take_over(self.ports, self.name, id_, self.number, states)
        if journal is not None and journal.instance.version in self.versions:
            journal.decide_by(_decisive(self.versions[journal.instance.version]))
        return journal

    def _take_up(self, journal: Journal) -> None:
        self._waiting[journal.instance.id] = journal
        self._carry_on()

    # -- carrying ---------------------------------------------------------------------------------------------------

    async def publish(self, envelope: Envelope, span: OpenSpan | None = None) -> None:
        """Hand an event to the bus, record it, and close the span that it is published under."""
        await publish_event(self, envelope, span)

    def _carry_on(self) -> None:
        """Take up instances that wait, as many as may run at once."""
        if self._is_stopping:
            return
        while len(self._tasks) < self._running_max:
            id_ = next((each for each in self._waiting if each not in self._tasks), None)
            if id_ is None:
                return
            task = asyncio.get_running_loop().create_task(self._carry(id_, self._waiting.pop(id_)))
            self._tasks[id_] = task
            task.add_done_callback(partial(self._done, id_))

    def _done(self, id_: str, task: asyncio.Task[None]) -> None:
        del self._tasks[id_]
        self._journals.pop(id_, None)
        error = None if task.cancelled() else task.exception()
        if error is None or isinstance(error, Exception):  # anything else is the end of this process
            self._carry_on()

    async def _carry(self, id_: str, journal: Journal | None) -> None:
        """Carry one instance to its end, or until another orchestrator has it."""
        try:
            journal = journal or await self._take(id_)
            if journal is None:
                return
            self._journals[id_] = journal
            await self._conduct(journal)
        except Fenced:
            return  # whoever replaced us carries it
        except StorageUnavailable as error:
            self._complain(id_, error)

    async def _conduct(self, journal: Journal) -> None:
        of = journal.instance
        saga = self.versions.get(of.version)
        obstacle = _obstacle(saga, journal)
        if saga is None or obstacle is not None:
            assert obstacle is not None
            await park(self, journal, "", obstacle.code, stuck=(saga or self.saga).stuck)
            return
        try:
            await Conduct(self, saga, journal).run()
        except (Fenced, StorageUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - what the journal holds fits the code no more: for an operator
            self._complain(of.id, error)
            await park(self, journal, "", describe(error)[1], stuck=saga.stuck)

    def _complain(self, id_: str, error: Exception) -> None:
        if self.ports.recorder is not None:
            now_ns, code = self.ports.clock.now_ns(), describe(error)[1]
            text = f"saga={id_} cannot be carried on: {code}"
            self.ports.recorder.write(LogLine(now_ns, self.name, self.number, "error", text, "{}", 0, 0))


def _decisive(saga: Saga) -> tuple[str, ...]:
    """Return the steps that, once begun, cannot be undone."""
    return tuple(step.name for step in saga.steps if step.kind != "compensatable")


def _obstacle(saga: Saga | None, journal: Journal) -> StudioError | None:
    """Return why an instance cannot be carried by the code that is here."""
    of = journal.instance
    if saga is None:
        return SagaVersionMissing(instance=of.id, version=of.version)
    names = [step.name for step in saga.steps]
    missing = next((step for step in journal.history.steps if step not in names), None)
    return None if missing is None else SagaStepMissing(instance=of.id, step=missing, version=of.version)
