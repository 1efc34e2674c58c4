"""Draw the seam between what Studio does with a message and the world it does it in.

Everything above this file is one implementation (`studio.runtime`). Below it are two engines: `studio.simulation`
answers in virtual time and misbehaves on purpose, `studio.serve` answers for real. A port promises only what the
weakest engine keeps; one contract suite for each port runs against every adapter.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

from studio.errors import UnsearchableValue
from studio.records import Record

__all__ = [
    "ACTING",
    "Acting",
    "Clock",
    "Directory",
    "Document",
    "Envelope",
    "HttpRequest",
    "HttpResponse",
    "Identity",
    "Outbound",
    "Points",
    "Ports",
    "Randomness",
    "Recorder",
    "Reply",
    "Settings",
    "Standing",
    "Storage",
    "Transport",
    "Verdict",
    "Write",
    "check_where",
    "decode_envelope",
    "encode_envelope",
    "fits",
]


@dataclass(slots=True)
class Envelope:
    """A message on its way. Not frozen, for speed; nobody changes one after handing it to the transport.

    Attributes:
        message: Its id; a redelivery keeps it.
        kind: `call` or `event`.
        address: Wire form, `Order.created`.
        body: JSON.
        sender: Service, saga or `world`, and `replica` its replica.
        key: Of events: what orders and partitions them; also the saga instance's key.
        trace: And `span`: the sender's span, parent of the handling.
        cause: The message being handled when this one was sent; 0 from outside.
        causal: Key that stays the same across code edits; draws hang on it.
        deadline_ns: Engine time after which nobody waits for the answer; 0 for none.
        idempotency: The call's key: saga id (or causing message), step, address, ordinal of the send.
        saga: Instance on whose behalf it was sent, and `epoch` its orchestrator's.
        principal: Who asks, as the callee may trust it.
        attempt: Of a call, from 1. (Of a delivery: see `Verdict`.)
        to: Of a call, the callee's replica that the caller has chosen; 0 for any.
    """

    message: int
    kind: str
    address: str
    body: bytes
    sender: str
    replica: int = 0
    key: str = ""
    trace: int = 0
    span: int = 0
    cause: int = 0
    causal: int = 0
    deadline_ns: int = 0
    idempotency: str = ""
    saga: str = ""
    epoch: int = 0
    principal: str = ""
    attempt: int = 1
    to: int = 0


_DEFAULTS = {field.name: field.default for field in fields(Envelope)}


def encode_envelope(envelope: Envelope) -> bytes:
    """Encode an envelope as canonical JSON: equal envelopes give equal bytes, and any body comes back as it was."""
    told = {name: value for name, default in _DEFAULTS.items() if (value := getattr(envelope, name)) != default}
    told["body"] = envelope.body.decode("utf-8", "surrogateescape")
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def decode_envelope(data: bytes | str) -> Envelope:
    """Return the envelope that `encode_envelope` encoded; what a later version added to it is left out."""
    told = {name: value for name, value in json.loads(data).items() if name in _DEFAULTS}
    told["body"] = told["body"].encode("utf-8", "surrogateescape")
    return Envelope(**told)


class Reply(NamedTuple):
    """A callee's answer: `ok` with the encoded result, or `error` with a declared error's code, or `refused`.

    Attributes:
        status: `ok`, `error` (a declared business error), `refused` (the callee's policies or validation said no:
            `code` is ours, STU4xx) or `failed` (the handler raised something undeclared).
        body: Encoded result, or encoded error.
        code: Empty when ok.
    """

    status: str
    body: bytes
    code: str = ""


class Verdict(NamedTuple):
    """What a consumer makes of the delivery of an event.

    Attributes:
        outcome: `acknowledged`, `refused` (deliver again, after `delay_ns`, or the model's backoff when that is 0) or
            `dead-lettered` (never again).
        reason: The error's code or type name.
        delay_ns: Earliest redelivery.
    """

    outcome: str
    reason: str = ""
    delay_ns: int = 0


class Document(NamedTuple):
    """A stored document: its key, its version (from 1, one up at each write), its JSON."""

    key: str
    version: int
    body: bytes


class Write(NamedTuple):
    """One write of a commit; with `body` None and `only_check` a condition that writes nothing.

    Attributes:
        space: Who owns the collection: a service or a saga.
        collection: Name within the space. Studio's own begin with `$`: `$inbox`, `$outbox`, `$journal`, `$lease`,
            `$answers`.
        key: Of the document.
        body: JSON; None deletes.
        expected: Version that must stand; 0 means that it must not exist; None means any.
        unique: `(index, value)` pairs; no other document of the collection may hold the same. They replace those that
            the document held before.
        only_check: Verify `expected`, change nothing.
    """

    space: str
    collection: str
    key: str
    body: bytes | None
    expected: int | None = None
    unique: tuple[tuple[str, str], ...] = ()
    only_check: bool = False


def check_where(where: Mapping[str, Any]) -> None:
    """Refuse what `Storage.find` cannot compare.

    Raises:
        UnsearchableValue: Names the field.
    """
    for field, value in where.items():
        if value is not None and not isinstance(value, (str, int, float)):
            raise UnsearchableValue(field=field, type=type(value).__name__)


def fits(document: Any, where: Mapping[str, Any]) -> bool:
    """Tell whether a decoded document's top-level fields equal the values, as JSON has it.

    Numbers are compared by value (1 equals 1.0), but a truth value equals no number, and a field that is not there
    equals nothing, not even None.

    Args:
        document: Any decoded JSON; one that is no object fits only an empty `where`.
        where: Fields and values.
    """
    if not isinstance(document, dict):
        return not where
    for field, value in where.items():
        if field not in document:
            return False
        found = document[field]
        if found is not value and (isinstance(found, bool) or isinstance(value, bool) or found != value):
            return False
    return True


class Clock(Protocol):
    """Tell and await time, in integer nanoseconds."""

    def now_ns(self) -> int:
        """Return engine time: since the run began (simulated) or since the epoch (real). Never goes back."""
        ...

    async def sleep_ns(self, delay_ns: int) -> None:
        """Return no earlier than `delay_ns` later, at once where that is not positive; cancellable."""
        ...


class Randomness(Protocol):
    """Draw from named streams."""

    def uniform(self, stream: str, *keys: int) -> float:
        """Return a float in [0, 1); simulated, it depends on the seed, who draws, the stream and the keys only.

        So keys must tell the occasions of a stream apart: the same ones may draw the same again.
        """
        ...


class Identity(Protocol):
    """Hand out identifiers from 1 to 2**63 - 1, each once: ordinals when simulated, random when real.

    An id of one kind may equal one of another.
    """

    def message(self) -> int:
        """Return the next message's id."""
        ...

    def span(self) -> int:
        """Return the next span's id."""
        ...

    def trace(self) -> int:
        """Return the next trace's id."""
        ...


class Transport(Protocol):
    """Carry messages between services."""

    def request(self, envelope: Envelope) -> Awaitable[Reply]:
        """Send a call and wait for its answer; at most one run of the callee for each request.

        The callee may have run although this raises. Cancelling does not recall the call.

        Raises:
            CallTimeout: Nothing came back before `envelope.deadline_ns`.
            ServiceUnavailable: No replica took it, or the one that it was addressed to is gone; it has not run.
        """
        ...

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored; each subscribing service then gets it at least once.

        Raises:
            PublishFailed: Not known to be stored; it may be. Publishing it again under the same message id within the
                model's window stores it once.
        """
        ...

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events of an address (or pattern), each at most once; ends when the engine stops.

        From the first step of the iteration on; what is published between this call and that step may be shown or not.
        A reader that falls far behind misses events.
        """
        ...


class Standing(NamedTuple):
    """A replica as a registry knows it.

    Attributes:
        replica: Its number, from 1.
        is_healthy: Whether its latest health check found it able to work; True where it has none.
    """

    replica: int
    is_healthy: bool = True


class Directory(Protocol):
    """Know which replicas a service has: the registry that callers discover them by."""

    def replicas(self, service: str) -> Sequence[Standing]:
        """Return the replicas that are up, by number; none where the service is unknown.

        What is returned may be out of date when it is used: a call to a replica that has gone is refused.
        """
        ...


class Storage(Protocol):
    """Keep documents, inbox, outbox, journal and leases behind one commit.

    Whatever it is asked, `StorageUnavailable` says that it is away.
    """

    async def get(self, space: str, collection: str, key: str) -> Document | None:
        """Return the committed document, or None."""
        ...

    async def find(
        self,
        space: str,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        prefix: str = "",
        limit: int = 1000,
        after: str = "",
    ) -> list[Document]:
        """Return committed documents in the order of their keys (by code point).

        Args:
            space: Owner.
            collection: Name.
            where: Top-level JSON fields that must equal these values, as `fits` says.
            prefix: Of the keys.
            limit: At most so many.
            after: Only keys greater than this one.

        Raises:
            UnsearchableValue: `where` holds a value that is neither text, number, truth value nor None.
        """
        ...

    async def commit(self, writes: Sequence[Write]) -> tuple[int, ...]:
        """Apply all writes or none, and return the new versions (0 for deletes and checks).

        They are applied in their order, each to what those before it left. The first that cannot be names the error. A
        document that was deleted starts again at version 1. A crash or a cancellation while this runs leaves all or
        none.

        Raises:
            StorageConflict: A document is not at its expected version.
            UniqueViolation: A unique value is taken.
            StorageUnavailable: Not known to be committed; it may be, where the answer was lost.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to a third party."""

    client: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A third party's response; names of headers are in lower case, and the body is decoded and whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Outbound(Protocol):
    """Reach third parties."""

    async def send(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        """Return the response; raises what httpx raises for connects, reads and timeouts."""
        ...


class Settings(Protocol):
    """Read configuration and secrets."""

    def setting(self, name: str) -> str | None:
        """Return the value, or None where it is not set.

        Names that differ only in case, or in what is neither letter nor digit, may name the same setting.
        """
        ...

    def secret(self, name: str) -> str | None:
        """Return the secret, or None (a simulation may make one up); never recorded, never exported.

        Raises:
            UnreadableSecret: It is kept somewhere that cannot be read.
        """
        ...


class Recorder(Protocol):
    """Take records in the order in which things happen."""

    def write(self, record: Record) -> None:
        """Keep one record; cheap, never waits for a reader.

        Raises:
            LogFull: A log that must be complete has no room left, and the work is to end; nothing else is raised.
        """
        ...


class Points(Protocol):
    """Name the places between two effects where a crash can fall."""

    armed: bool
    """Whether any crash is planned at a point; callers skip `reach` while it is False."""
    takes_time: bool
    """Whether handlers wait at `before-handler` although no crash is planned; callers then reach that point."""

    def reach(self, point: str, subject: str) -> Awaitable[None]:
        """Pass a point; in a simulation it may never return.

        Args:
            point: before-handler, after-effect, before-journal, before-publish, before-acknowledge or
                during-compensation.
            subject: The address, collection or `Saga.step` in question.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports that one incarnation of one replica acts through."""

    clock: Clock
    randomness: Randomness
    identity: Identity
    transport: Transport
    storage: Storage
    outbound: Outbound
    settings: Settings
    points: Points
    recorder: Recorder | None
    """None when recording is off."""
    directory: Directory | None = None
    """None where callers cannot choose among replicas; balancing is then the engine's."""


class Acting(Protocol):
    """What author's code can do at this moment: the handling of a message, a saga's step, a test.

    The verbs of `studio.model.verbs`, collections, clients and metrics all go through the one in `ACTING`.
    """

    service: str

    def call(
        self, address: str, message: Any, *, timeout_ns: int | None = None, policies: Any = None
    ) -> Awaitable[Any]:
        """Send a command and return its typed answer; what does not fit is refused before anybody awaits.

        Args:
            address: Of an operation.
            message: Its contract.
            timeout_ns: Longest wait for one attempt.
            policies: Those of this call, a `studio.model.policy_set.Policies`; None where it has none of its own.
        """
        ...

    def is_stale(self, answer: Any) -> bool:
        """Tell whether an answer is the last good one, given in the callee's place."""
        ...

    async def publish(self, address: str, message: Any, *, key: str | None = None) -> None:
        """Publish an event."""
        ...

    async def send(self, address: str, message: Any) -> Any:
        """Do what the address is: call a command, publish an event."""
        ...

    def stream(self, address: str) -> AsyncIterator[Any]:
        """Iterate over decoded events."""
        ...

    async def run(self, callee: Any, message: Any) -> Any:
        """Run a composition, or a service by its handle, on a message."""
        ...

    async def get(self, collection: str, key: str) -> tuple[Any, int] | None:
        """Return a document and its version."""
        ...

    async def find(self, collection: str, where: Mapping[str, Any], *, limit: int) -> list[Any]:
        """Return documents whose fields equal `where`, by key."""
        ...

    async def write(self, collection: str, key: str, value: Any | None, *, expected: int | None) -> int:
        """Write or (None) delete a document, at once or with the transaction; return the new version."""
        ...

    async def request(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        """Reach a third party."""
        ...

    def append(self, ledger: str, body: bytes) -> None:
        """Write down what a third party's stub did."""
        ...

    def measure(self, name: str, kind: str, labels: str, value: float) -> None:
        """Count, set or observe a metric."""
        ...

    def log(self, level: str, text: str, fields: str) -> None:
        """Write a structured log line."""
        ...

    def principal(self) -> str:
        """Return who asks; empty when nobody was authenticated."""
        ...

    def setting(self, name: str) -> str | None:
        """Return a setting."""
        ...

    def secret(self, name: str) -> str | None:
        """Return a secret."""
        ...


ACTING: ContextVar[Acting | None] = ContextVar("studio_acting", default=None)
"""Who acts in this context; None outside a world and outside the real engine."""
