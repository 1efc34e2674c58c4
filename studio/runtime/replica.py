"""One incarnation of one replica of a service: it takes deliveries through the corridor and gives back a verdict.

delivered → span → admitted → in time → decoded → fenced → answered before? → handler → committed → acknowledged.
Engines call `handle_call`, `handle_event`, `run_job` and `check_health`; HTTP enters through
`studio.runtime.application`.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from studio.contract import ServiceError, codec, invalid_message, wrong_answer
from studio.errors import (
    DeadlineExceeded,
    Fenced,
    IdempotencyMismatch,
    InvalidMessage,
    Overloaded,
    StorageConflict,
    StorageUnavailable,
    StudioError,
    UnknownAddress,
    Where,
    nearest,
)
from studio.graph.system import Instance
from studio.model.composition import Composition
from studio.model.service import Health, Operation, Service, Subscription
from studio.ports import ACTING, Envelope, Ports, Reply, Verdict, Write
from studio.runtime.acting import Handling, message_record
from studio.runtime.admission import Admission
from studio.runtime.answers import ANSWERS, INBOX, Answers, inbox_write
from studio.runtime.fencing import check_fence
from studio.runtime.identifiers import causal_key, key_of_text
from studio.runtime.outbox import Outbox, outbox_write
from studio.runtime.policies.caller import CallerPolicies
from studio.runtime.program import Program
from studio.runtime.publishing import publish_event
from studio.runtime.spans import UNKEPT, OpenSpan, Spans
from studio.runtime.turns import Turn, Turns
from studio.runtime.unit import Unit

if TYPE_CHECKING:
    from studio.runtime.answering import Asgi
    from studio.runtime.routes import HttpRoute

__all__ = ["Replica"]

_new_reply = functools.partial(tuple.__new__, Reply)  # half the price of Reply(), which is a function in Python
COMMIT_ATTEMPTS = 30
"""How often a transactional handler runs while its commits conflict. It has its turn among those of its own process, so
only other processes' can come first again; who loses to them tries at once, since a wait would let them win again."""


class Replica:
    """A service's code in one process, from its start to its crash or stop.

    Args:
        service: As this incarnation's own execution of the module declared it.
        number: Of the replica, from 1.
        program: Shared by all.
        ports: Through which it acts.
    """

    def __init__(self, service: Service, number: int, program: Program, ports: Ports) -> None:
        self.service, self.name, self.number = service, service.name, number
        self.program, self.ports = program, ports
        self.spans = Spans(ports, service.name, number)
        self.admission = Admission(service.name, service.concurrency, service.queue)
        self.policies = CallerPolicies(service.name, number, program, ports)
        self.answers = Answers(service.name, ports)
        self.turns = Turns()
        self.outbox = Outbox(self)
        self._entries = {address: _entry(each, program) for address, each in service.operations.items()}
        self._subscriptions = {each.name: each for each in service.subscriptions}

    @classmethod
    def of(cls, instance: Instance, name: str, number: int, program: Program, ports: Ports) -> Replica:
        """Return a replica of a service that an execution declared."""
        service = next(each for each in instance.declarations.of(Service) if each.name == name)
        return cls(service, number, program, ports)

    async def start(self) -> None:
        """Publish what an earlier incarnation committed to the outbox and did not send."""
        await self.outbox.start()

    # -- calls ------------------------------------------------------------------------------------------------------

    async def handle_call(self, envelope: Envelope) -> Reply:
        """Answer a call; never raises but for crashes and cancellation."""
        entry = self._entries.get(envelope.address)
        if entry is None:
            missing = UnknownAddress(address=envelope.address, known=nearest(envelope.address, self._entries))
            return Reply("refused", _first_line(missing), missing.code)
        ports, is_bounded = self.ports, self.admission.is_bounded
        span = UNKEPT
        if ports.recorder is not None:
            span = self.spans.start(
                "handle", envelope.address, envelope.span, envelope.trace, envelope.message, envelope.saga, entry.where
            )
        try:
            if is_bounded:
                await self.admission.enter()
            try:
                message = self._accept(entry, envelope)
                if envelope.saga:
                    await check_fence(ports.storage, self.name, envelope)
                if not entry.is_plain:
                    reply = await self._answer(entry.operation, envelope, message, span.span)
                else:  # most calls: what _execute() does, without its stations
                    ACTING.set(Handling(self, envelope, span.span))
                    if ports.points.armed or ports.points.takes_time:
                        await ports.points.reach("before-handler", envelope.address)
                    function = entry.function  # first a name, then the call: Python 3.11 calls an attribute slowly
                    value = await (function(message) if entry.takes_message else function())
                    reply = _new_reply(("ok", self._encode_answer(entry.operation, entry.encode_answer, value), ""))
            finally:
                if is_bounded:
                    self.admission.leave()
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is an answer
            self.spans.fail(span, error)
            return _reply_to(error, entry.operation)
        if span is not UNKEPT:
            self.spans.end(span)
        return reply

    def _accept(self, entry: _Entry, envelope: Envelope) -> Any:
        """Return a call's message where somebody still waits for the answer and it is what the operation takes."""
        self._check_deadline(envelope)
        decode = entry.decode
        try:
            return decode(envelope.body)
        except ValidationError as error:
            raise _Refusal.of(entry.takes, error, self.name, entry.operation.name) from error

    def _check_deadline(self, envelope: Envelope) -> None:
        if envelope.deadline_ns and self.ports.clock.now_ns() >= envelope.deadline_ns:
            raise DeadlineExceeded(address=envelope.address, service=self.name)

    async def _answer(self, operation: Operation, envelope: Envelope, message: Any, span: int) -> Reply:
        """Answer a call that is more than plain: from what is kept, in a transaction, by a composition."""
        if operation.idempotent:
            return await self.answers.once(
                operation, envelope, lambda expected: self._execute(operation, envelope, message, span, expected)
            )
        return await self._execute(operation, envelope, message, span)

    async def _execute(
        self, operation: Operation, envelope: Envelope, message: Any, span: int, expected: int = 0
    ) -> Reply:
        """Run an operation's handler, commit, and encode the answer."""
        encode = self.program.operations[operation.address].encode_answer

        def extra(reply: Reply) -> tuple[Write, ...]:
            return self.answers.writes(operation, envelope, reply, expected) if operation.idempotent else ()

        async def once(handling: Handling) -> Reply:
            value = await self._run(operation.function, handling, message)
            return Reply("ok", self._encode_answer(operation, encode, value))

        if operation.transactional:
            reply: Reply = await self._in_transaction(envelope, span, once, extra)
            return reply
        handling = Handling(self, envelope, span)
        await handling.begin(envelope.address)
        return await once(handling)

    def _encode_answer(self, operation: Operation, encode: Callable[[Any], bytes], value: Any) -> bytes:
        try:
            return encode(value)
        except ValidationError as error:
            raise wrong_answer(
                operation.returns, value, error, service=self.name, operation=operation.name, where=operation.where
            ) from error

    # -- events -----------------------------------------------------------------------------------------------------

    async def handle_event(self, subscription: str, envelope: Envelope, attempt: int) -> Verdict:
        """Take a delivery of an event; never raises but for crashes and cancellation.

        Args:
            subscription: Name of the handler.
            envelope: The event.
            attempt: Of the delivery, from 1.
        """
        wanted = self._subscriptions[subscription]
        span = self.spans.start(
            "handle",
            envelope.address,
            parent=envelope.span,
            trace=envelope.trace,
            message=envelope.message,
            where=wanted.where,
        )
        try:
            if self.admission.is_bounded:
                await self.admission.enter()
            try:
                await self._take(wanted, envelope, span.span)
            finally:
                if self.admission.is_bounded:
                    self.admission.leave()
            if self.ports.points.armed:
                await self.ports.points.reach("before-acknowledge", envelope.address)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the bus delivers again
            self.spans.fail(span, error)
            code = error.code if isinstance(error, StudioError) else _name_of(error)
            return Verdict("refused", code)
        self.spans.end(span)
        return Verdict("acknowledged")

    async def _take(self, wanted: Subscription, envelope: Envelope, span: int) -> None:
        once = wanted.idempotent or wanted.transactional
        if once and await self.ports.storage.get(self.name, INBOX, f"{wanted.name}/{envelope.message}") is not None:
            return
        try:
            message = codec(wanted.takes).decode(envelope.body)
        except ValidationError as error:
            raise _Refusal.of(wanted.takes, error, self.name, wanted.name) from error

        async def handle(handling: Handling) -> None:
            await self._run(wanted.function, handling, message)

        if wanted.transactional:
            await self._in_transaction(envelope, span, handle, lambda _: (self._handled(wanted, envelope),))
            return
        handling = Handling(
            self, envelope, span, f"{envelope.idempotency or envelope.message}/{self.name}/{wanted.name}"
        )
        await handling.begin(envelope.address)
        await handle(handling)
        if wanted.idempotent:
            if self.ports.points.armed:
                await self.ports.points.reach("before-journal", envelope.address)
            await self.ports.storage.commit((self._handled(wanted, envelope)._replace(expected=None),))

    def _handled(self, wanted: Subscription, envelope: Envelope) -> Write:
        return inbox_write(self.name, wanted.name, envelope, self.ports.clock.now_ns())

    # -- HTTP -------------------------------------------------------------------------------------------------------

    async def handle_http(self, route: HttpRoute, envelope: Envelope, asgi: Asgi) -> None:
        """Answer a request of one of the service's endpoints; never raises but for crashes and cancellation."""
        from studio.runtime.answering import answer_endpoint

        await answer_endpoint(self, route, envelope, asgi)

    @functools.cached_property
    def callables(self) -> tuple[Callable[..., Any], ...]:
        """Return this incarnation's own endpoint functions, and those they depend on."""
        from studio.runtime.injecting import callables_of

        return callables_of(self.service)

    # -- jobs and health --------------------------------------------------------------------------------------------

    async def run_job(self, name: str, tick_ns: int) -> bool:
        """Run a job for one tick, in a trace of its own; return whether it worked.

        Args:
            name: Of the job.
            tick_ns: Which tick; part of its idempotency keys.
        """
        job = next(each for each in self.service.jobs if each.name == name)
        return await self._on_its_own("job", name, job.function, job.where, tick_ns) is not None

    async def check_health(self) -> Health:
        """Run the health checks; a check that raises means not healthy."""
        for check in self.service.checks:
            found = await self._on_its_own("health", check.name, check.function, check.where, self.ports.clock.now_ns())
            if found is None:
                return Health(ok=False, detail=f"{check.name} raised")
            if isinstance(found[0], Health) and not found[0].ok:
                return found[0]
        return Health()

    async def _on_its_own(self, kind: str, name: str, function: Any, where: Any, at_ns: int) -> tuple[Any] | None:
        """Run a function that no message caused; return its result in a tuple, or None when it raised."""
        address = f"{self.name}.{name}"
        identity = self.ports.identity
        envelope = Envelope(
            identity.message(), kind, address, b"", self.name, self.number, trace=identity.trace(),
            causal=causal_key(key_of_text(address), at_ns, self.number), idempotency=f"{address}@{at_ns}",
        )  # fmt: skip
        if self.ports.recorder is not None:
            self.ports.recorder.write(message_record(envelope, self.ports.clock.now_ns()))
        span = self.spans.start(kind, address, parent=0, trace=envelope.trace, message=envelope.message, where=where)
        try:
            await Handling(self, envelope, span.span).begin(address)
            result = await function()
        except Exception as error:  # noqa: BLE001 - nobody waits for a job; its span tells
            self.spans.fail(span, error)
            return None
        self.spans.end(span)
        return (result,)

    # -- shared -----------------------------------------------------------------------------------------------------

    async def publish(self, envelope: Envelope, span: OpenSpan | None = None) -> None:
        """Hand an event to the bus, record it, and close the span that it is published under."""
        await publish_event(self, envelope, span)

    async def _run(self, function: Any, handling: Handling, message: Any) -> Any:
        """Run a handler, or the composition that stands for one."""
        if isinstance(function, Composition):
            return await handling.run(function, message)
        return await function(message) if function.__code__.co_argcount else await function()

    async def _in_transaction(
        self,
        envelope: Envelope,
        span: int,
        work: Callable[[Handling], Awaitable[Any]],
        extra: Callable[[Any], tuple[Write, ...]],
    ) -> Any:
        """Run work in a unit, commit all of it or nothing, then send its events; again on a serialisation conflict."""
        turn = Turn(self.turns)
        try:
            for attempt in range(1, COMMIT_ATTEMPTS + 1):
                handling = self._in_unit(envelope, span)
                await handling.begin(envelope.address)
                result = await work(handling)
                try:
                    events = await self._commit(handling, extra(result))
                except StorageConflict as conflict:
                    if conflict.collection == INBOX:
                        return result  # another replica has handled it, and its commit stands
                    if attempt == COMMIT_ATTEMPTS or conflict.collection == ANSWERS:
                        raise
                    await turn.take((conflict.collection, conflict.key))
                    self._check_deadline(envelope)
                    continue
                except StorageUnavailable:
                    self.outbox.rouse()  # it may be committed, and then nobody else would send its events
                    raise
                turn.leave()
                await self._follow(envelope, events)
                return result
        finally:
            turn.leave()
        raise AssertionError("the last attempt returns or raises")

    async def _follow(self, envelope: Envelope, events: list[Envelope]) -> None:
        """Do what follows a commit: send its events."""
        if self.ports.points.armed:
            await self.ports.points.reach("after-effect", envelope.address)
        for event in events:
            await self.outbox.relay(event)

    def _in_unit(self, envelope: Envelope, span: int) -> Handling:
        """Return who acts, with a new unit of work."""
        handling = Handling(self, envelope, span, f"{envelope.idempotency or envelope.message}/{self.name}")
        handling.unit = Unit(self.name, self.ports.storage)
        return handling

    async def _commit(self, handling: Handling, extra: tuple[Write, ...]) -> list[Envelope]:
        """Commit a handling's unit, with its events in the outbox, and return them."""
        assert handling.unit is not None
        events = tuple(outbox_write(self.name, event) for event in handling.unit.events)
        writes = handling.unit.commit_of(extra + events)
        if self.ports.points.armed:
            await self.ports.points.reach("before-journal", handling.envelope.address)
        versions = await self.ports.storage.commit(writes)
        for write, version in zip(writes, versions, strict=True):
            handling.record_write(write, version)
        return handling.unit.events


@dataclass(frozen=True, slots=True)
class _Entry:
    """An operation, with all that answering a call of it reads.

    Attributes:
        is_plain: Whether its handler is all there is to it: no kept answers, no transaction, no composition.
        takes_message: Whether its function has a parameter.
    """

    operation: Operation
    function: Any
    where: Where | None
    takes: Any
    decode: Callable[[bytes], Any]
    encode_answer: Callable[[Any], bytes]
    is_plain: bool
    takes_message: bool


def _entry(operation: Operation, program: Program) -> _Entry:
    plan, function = program.operations[operation.address], operation.function
    is_composed = isinstance(function, Composition)
    return _Entry(
        operation, function, operation.where, plan.operation.takes, plan.decode, plan.encode_answer,
        is_plain=not (operation.idempotent or operation.transactional or is_composed),
        takes_message=is_composed or function.__code__.co_argcount > 0,
    )  # fmt: skip


def _reply_to(error: Exception, operation: Operation) -> Reply:
    """Return what a caller learns of an error."""
    if isinstance(error, ServiceError):
        declared = isinstance(error, operation.raises)
        return Reply("error", error.encode(), error.code()) if declared else Reply("failed", b"", error.code())
    if isinstance(error, _REFUSALS):
        return Reply("refused", _first_line(error), error.code)
    return Reply("failed", b"", error.code if isinstance(error, StudioError) else type(error).__name__)


class _Refusal(InvalidMessage):
    """An incoming message that does not validate: refused, since the handler has not run."""

    @classmethod
    def of(cls, kind: Any, error: ValidationError, service: str, operation: str) -> _Refusal:
        """Make it from pydantic's error."""
        invalid = invalid_message(kind, error, service=service, operation=operation)
        return cls(where=invalid.where, **invalid.attributes)


def _first_line(error: StudioError) -> bytes:
    return error.text.splitlines()[0].encode()


def _name_of(error: Exception) -> str:
    return error.code() if isinstance(error, ServiceError) else type(error).__name__


_REFUSALS = (_Refusal, DeadlineExceeded, Overloaded, IdempotencyMismatch, Fenced)
