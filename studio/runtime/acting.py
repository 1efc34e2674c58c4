"""What author's code does while a message is handled: call, publish, read, write, ask; each an effect of its own.

One `Handling` stands behind the verbs during one delivery, one saga step, one job's tick. It carries what must travel
on: trace, causal key, deadline, idempotency key, saga and epoch.
"""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from pydantic import ValidationError

from studio.contract import invalid_message
from studio.errors import (
    CallInTransaction,
    CallRefused,
    Fenced,
    UndeclaredError,
)
from studio.model.composition import Composition
from studio.model.handle import ServiceHandle, only_operation
from studio.model.policy_set import NONE_DECLARED
from studio.ports import ACTING, Document, Envelope, HttpRequest, HttpResponse, Ports, Reply, Write, fits
from studio.records import DocumentChange, LedgerEntry, LogLine, Measurement, Message
from studio.runtime.composing import run_composition
from studio.runtime.identifiers import causal_key, key_of_text, short_key
from studio.runtime.spans import UNKEPT
from studio.runtime.unit import Unit

if TYPE_CHECKING:
    from studio.model.policy_set import Policies
    from studio.runtime.policies.caller import CallerPolicies
    from studio.runtime.program import OperationPlan, Program
    from studio.runtime.spans import OpenSpan, Spans

__all__ = ["Choices", "Handling", "Host", "message_record"]


class Host(Protocol):
    """The process that a piece of work runs in: a service's replica, or a saga's orchestrator."""

    name: str
    number: int
    program: Program
    ports: Ports
    spans: Spans
    policies: CallerPolicies

    async def publish(self, envelope: Envelope, span: OpenSpan | None = None) -> None:
        """Hand an event to the bus, record it, and close the span that it is published under."""
        ...


class Choices(Protocol):
    """Remember which branch a route took, so that work which is run again takes the same one."""

    async def choose(self, path: str, decide: Callable[[], int]) -> int:
        """Return the branch that was taken at a path, or decide now and remember it."""
        ...


class Handling:
    """Implements `studio.ports.Acting` for one piece of work.

    Args:
        replica: On which it runs.
        envelope: What is handled; a job's tick and a saga's step have one too.
        span: Under which the work's own spans hang.
        base: Of idempotency keys: the saga's id and step, or what identifies the causing message.
    """

    __slots__ = (
        "base", "causal", "choices", "draws", "envelope", "ordinal", "ports", "program", "replica", "runs", "service",
        "span", "unit",
    )  # fmt: skip

    def __init__(self, replica: Host, envelope: Envelope, span: int, base: str = "") -> None:
        self.replica, self.envelope, self.span = replica, envelope, span
        self.service, self.ports, self.program = replica.name, replica.ports, replica.program
        self.causal = envelope.causal
        self.base = base or envelope.idempotency or f"m{envelope.message}"
        self.ordinal = self.runs = 0
        self.unit: Unit | None = None
        self.choices: Choices | None = None
        self.draws: Any = None  # the engine's, for as long as this handling lasts

    @property
    def cause(self) -> int:
        """Return the id of the message being handled."""
        return self.envelope.message

    @property
    def trace(self) -> int:
        """Return the trace that the work belongs to."""
        return self.envelope.trace

    @property
    def saga(self) -> str:
        """Return the saga instance on whose behalf it is done; empty for none."""
        return self.envelope.saga

    async def begin(self, subject: str, *, point: str = "before-handler") -> None:
        """Let the author's code of this task act through this from here on, and pass the point before it.

        Args:
            subject: Address, third party or `Saga.step`.
            point: Which point it is.
        """
        ACTING.set(self)  # not reset: whatever acts next in this task sets its own
        points = self.ports.points
        if points.armed or points.takes_time:
            await points.reach(point, subject)

    def branch(self, label: str) -> Handling:
        """Return a handling for one of several things done at once, so that none shifts another's keys."""
        branch = copy.copy(self)
        branch.base, branch.ordinal, branch.runs = f"{self.base}/{label}", 0, 0
        branch.causal = causal_key(self.causal, key_of_text(label), 0)
        branch.draws = None
        return branch

    # -- messages ---------------------------------------------------------------------------------------------------

    async def send(self, address: str, message: Any) -> Any:
        """Do what the address is."""
        if address in self.program.operations:
            return await self.call(address, message)
        return await self.publish(address, message)

    def call(
        self, address: str, message: Any, *, timeout_ns: int | None = None, policies: Policies | None = None
    ) -> Awaitable[Any]:
        """Send a command and return its typed answer, under the policies that hold for it.

        What can be refused is refused here and now; so is the ordinal given, in the order in which calls are written.
        """
        plan = self.program.operations.get(address) or self.program.operation(address)
        encode = plan.encode  # first a name, then the call: Python 3.11 calls what an attribute holds slowly
        if self.unit is not None:
            raise CallInTransaction(address=address, operation=self.envelope.address)
        try:
            body = encode(message)
        except Exception as error:
            raise _refusal(error, plan.operation.takes, plan.owner, plan.operation.name) from error
        self.ordinal = ordinal = self.ordinal + 1
        key = short_key(f"{self.base}/{address}/{ordinal}")
        causal = causal_key(self.causal, plan.key, ordinal)
        if plan.is_bare and policies is None:
            return self.attempt(plan, body, key, causal, plan.timeout_ns if timeout_ns is None else timeout_ns, 1)
        if timeout_ns is not None:
            policies = replace(policies or NONE_DECLARED, timeout_ns=timeout_ns)
        return self.replica.policies.carry(self, plan, policies, message, body, key, causal)

    def is_stale(self, answer: Any) -> bool:
        """Tell whether an answer is the last good one, given in the callee's place."""
        return self.replica.policies.larder.is_stale(answer)

    async def attempt(  # noqa: PLR0917 - for each call; keywords would cost
        self, plan: OperationPlan, body: bytes, key: str, causal: int, wait_ns: int, attempt: int, to: int = 0
    ) -> Any:
        """Send a call once, and return its answer.

        Args:
            plan: Of the operation.
            body: Encoded message.
            key: Idempotency key.
            causal: The attempt's causal key.
            wait_ns: Longest wait.
            attempt: From 1.
            to: Replica that it goes to; 0 for any.
        """
        ports, replica, handled = self.ports, self.replica, self.envelope
        recorder = ports.recorder
        limit_ns = ports.clock.now_ns() + wait_ns
        if handled.deadline_ns and handled.deadline_ns < limit_ns:
            limit_ns = handled.deadline_ns
        next_message, request, decode = ports.identity.message, ports.transport.request, plan.decode_answer  # as above
        message, span = next_message(), UNKEPT
        if recorder is not None:
            span = replica.spans.start("call", plan.address, self.span, handled.trace, message, handled.saga)
        envelope = Envelope(
            message, "call", plan.address, body, self.service, replica.number, "", handled.trace, span.span,
            handled.message, causal, limit_ns, key, handled.saga, handled.epoch, handled.principal, attempt, to,
        )  # fmt: skip
        if recorder is not None:
            recorder.write(message_record(envelope, ports.clock.now_ns()))
        try:
            reply = await request(envelope)
            answer = decode(reply.body) if reply.status == "ok" else self._raise(plan, reply)
        except ValidationError as error:  # it ran, and answered what nobody can read: a callee of another version
            replica.spans.fail(span, error)
            raise UndeclaredError(address=plan.address, reason="unreadable answer") from error
        except BaseException as error:
            replica.spans.fail(span, error)
            raise
        if recorder is not None:
            replica.spans.end(span)
        if ports.points.armed:
            await ports.points.reach("after-effect", plan.address)
        return answer

    def _raise(self, plan: OperationPlan, reply: Reply) -> NoReturn:
        """Raise what a reply says that is no answer."""
        if reply.status == "error" and reply.code in plan.errors:
            raise plan.errors[reply.code].decode(reply.body)
        if reply.status == "refused":
            if reply.code == Fenced.code:
                raise Fenced(saga=self.saga, epoch=self.envelope.epoch)
            raise CallRefused(address=plan.address, reason=reply.body.decode() or reply.code, refusal=reply.code)
        raise UndeclaredError(address=plan.address, reason=reply.code)

    async def publish(self, address: str, message: Any, *, key: str | None = None) -> None:
        """Publish an event, or keep it for the transaction's commit."""
        plan = self.program.events.get(address) or self.program.event(address)
        body = self._encode(plan.encode, plan.event.contract, message, self.service, f"publish {address}")
        self.ordinal += 1
        causal = causal_key(self.causal, plan.key, self.ordinal)
        span = self.replica.spans.start("publish", address, parent=self.span, trace=self.trace, saga=self.saga)
        number = span.message = self.ports.identity.message()
        envelope = Envelope(
            number, "event", address, body, self.service, self.replica.number,
            plan.event.key_of(message) if key is None else key, self.trace, span.span, self.cause, causal, 0,
            short_key(f"{self.base}/{address}/{self.ordinal}"), "", 0, self.envelope.principal,
        )  # fmt: skip
        if self.unit is not None:
            self.unit.events.append(envelope)
            self.replica.spans.end(span)
            return
        await self.replica.publish(envelope, span)

    def stream(self, address: str) -> AsyncIterator[Any]:
        """Iterate over decoded events from now on."""
        return self._decoded(self.ports.transport.stream(address))

    async def _decoded(self, envelopes: AsyncIterator[Envelope]) -> AsyncIterator[Any]:
        async for envelope in envelopes:
            yield self.program.event(envelope.address).decode(envelope.body)

    async def run(self, callee: Any, message: Any) -> Any:
        """Run a composition, or the only operation of a service."""
        if isinstance(callee, ServiceHandle):
            return await self.call(only_operation(callee).address, message)
        assert isinstance(callee, Composition)
        self.runs += 1
        return await run_composition(self, callee, message, f"{self.runs}")

    async def choose(self, path: str, decide: Callable[[], int]) -> int:
        """Return which branch a route takes; where choices are remembered, the one it took before."""
        return decide() if self.choices is None else await self.choices.choose(path, decide)

    def _encode(self, encode: Any, contract: Any, message: Any, service: str, operation: str) -> bytes:
        try:
            return encode(message)  # type: ignore[no-any-return]
        except Exception as error:
            raise _refusal(error, contract, service, operation) from error

    # -- documents --------------------------------------------------------------------------------------------------

    async def get(self, collection: str, key: str) -> tuple[Any, int] | None:
        """Return a document and its version."""
        plan = self.program.collections[self.service, collection]
        if self.unit is None:
            found = await self.ports.storage.get(self.service, collection, key)
        else:
            found = await self.unit.get(collection, key)
        return None if found is None else (plan.decode(found.body), found.version)

    async def find(self, collection: str, where: Mapping[str, Any], *, limit: int) -> list[Any]:
        """Return documents by fields."""
        plan = self.program.collections[self.service, collection]
        wanted = {name: json.loads(json.dumps(value, default=str)) for name, value in where.items()}
        own = {} if self.unit is None else self.unit.overlay(collection)
        found = await self.ports.storage.find(self.service, collection, wanted, limit=limit + len(own))
        if self.unit is not None:
            found = self._overlaid(collection, found, wanted)[:limit]
        return [plan.decode(document.body) for document in found]

    def _overlaid(self, collection: str, found: list[Document], where: Mapping[str, Any]) -> list[Document]:
        """Return what a query finds with the transaction's own writes on top."""
        assert self.unit is not None
        for document in found:
            self.unit.note(collection, document)
        documents = {document.key: document for document in found}
        for key, body in self.unit.overlay(collection).items():
            documents.pop(key, None)
            if body is not None and fits(json.loads(body), where):
                documents[key] = Document(key, 0, body)
        return [documents[key] for key in sorted(documents)]

    async def write(self, collection: str, key: str, value: Any | None, *, expected: int | None) -> int:
        """Write or delete a document: at once, or with the transaction."""
        plan = self.program.collections[self.service, collection]
        body = None
        if value is not None:
            body = self._encode(plan.encode, plan.collection.contract, value, self.service, f"write {collection}")
        unique = () if value is None else plan.unique_of(value)
        write = Write(self.service, collection, key, body, expected, unique)
        if self.unit is not None:
            return await self.unit.write(write)
        versions = await self.ports.storage.commit((write,))
        self.record_write(write, versions[0])
        if self.ports.points.armed:
            await self.ports.points.reach("after-effect", f"{self.service}.{collection}")
        return versions[0]

    def record_write(self, write: Write, version: int) -> None:
        """Record a committed write of an author's collection."""
        if self.ports.recorder is not None and write.collection[0] != "$" and not write.only_check:
            change = "delete" if write.body is None else "insert" if version == 1 else "put"
            body = "" if write.body is None else write.body.decode()
            self.ports.recorder.write(
                DocumentChange(
                    self.ports.clock.now_ns(),
                    self.service,
                    write.collection,
                    write.key,
                    version,
                    change,
                    self.cause,
                    body,
                )
            )

    # -- third parties ----------------------------------------------------------------------------------------------

    async def request(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        """Reach a third party, in a span of its own."""
        path = "/" + request.url.split("/", 3)[-1] if request.url.count("/") >= 3 else "/"
        name = f"{request.client} {request.method} {path}"
        span = self.replica.spans.start("external", name, parent=self.span, trace=self.trace, saga=self.saga)
        span.message = self.cause
        try:
            response = await self.ports.outbound.send(request, timeout_ns=timeout_ns)
        except BaseException as error:
            self.replica.spans.fail(span, error)
            raise
        self.replica.spans.end(
            span, "ok" if response.status < 500 else "error", "" if response.status < 500 else str(response.status)
        )
        if self.ports.points.armed:
            await self.ports.points.reach("after-effect", request.client)
        return response

    def append(self, ledger: str, body: bytes) -> None:
        """Write down what a stub did."""
        if self.ports.recorder is not None:
            now_ns = self.ports.clock.now_ns()
            self.ports.recorder.write(LedgerEntry(now_ns, self.service, ledger, self.cause, body.decode()))

    # -- circumstances ----------------------------------------------------------------------------------------------

    def measure(self, name: str, kind: str, labels: str, value: float) -> None:
        """Record a measurement."""
        if self.ports.recorder is not None:
            now_ns = self.ports.clock.now_ns()
            self.ports.recorder.write(Measurement(now_ns, self.service, self.replica.number, name, kind, labels, value))

    def log(self, level: str, text: str, fields: str) -> None:
        """Record a log line."""
        if self.ports.recorder is not None:
            self.ports.recorder.write(
                LogLine(
                    self.ports.clock.now_ns(),
                    self.service,
                    self.replica.number,
                    level,
                    text,
                    fields,
                    self.span,
                    self.trace,
                )
            )

    def principal(self) -> str:
        """Return who asks."""
        return self.envelope.principal

    def setting(self, name: str) -> str | None:
        """Return a setting."""
        return self.ports.settings.setting(name)

    def secret(self, name: str) -> str | None:
        """Return a secret."""
        return self.ports.settings.secret(name)


_new_record = tuple.__new__  # half the price of a call of the record's class, which is a function in Python


def _refusal(error: Exception, contract: Any, service: str, operation: str) -> Exception:
    """Return what tells an author that a value cannot be encoded: ours where pydantic says which field is wrong."""
    return (
        invalid_message(contract, error, service=service, operation=operation)
        if isinstance(error, ValidationError)
        else error
    )


def message_record(envelope: Envelope, at_ns: int) -> Message:
    """Return the record of a message that enters the bus."""
    values = (
        at_ns, envelope.message, envelope.kind, envelope.address, envelope.sender, envelope.replica, envelope.key,
        envelope.trace, envelope.span, envelope.cause, envelope.causal, envelope.saga, envelope.body.decode(),
    )  # fmt: skip
    return _new_record(Message, values)
