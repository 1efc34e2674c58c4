"""Find the places that a fault can strike: what a run's records show was called, delivered, written, journalled.

A place is known by what a fault would name, and by the instants at which something happened there; the n-th of them is
the occasion that a fault with `occurrence=n` takes. A run under faults reveals places of its own: retries, second
deliveries, compensations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from studio.graph.build import Graph
from studio.model.duration import duration_ns
from studio.records import Delivery, DocumentChange, Message, Record, SagaStep, Span

__all__ = ["KINDS_OF_PLACE", "Place", "places_of"]

KINDS_OF_PLACE = (
    "call",
    "delivery",
    "third-party",
    "event",
    "service",
    "collection",
    "handler",
    "step",
    "compensation",
    "job",
    "replica",
    "version",
)
"""What places there are: calls between services, hand-overs of events, requests to third parties, events published,
services asked, collections written, commands handled, saga steps, compensations, jobs, replicas at work, and sagas
at work of which an older version is kept."""

DEFAULT_PATIENCE_NS = 30_000_000_000
"""How long a caller waits who states nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault can strike.

    Attributes:
        kind: One of `KINDS_OF_PLACE`.
        name: What a fault names: address, service, third party, collection, `Saga.step`.
        times_ns: When something happened there, in order.
        replica: Of a replica at work; 0 elsewhere.
        patience_ns: How long whoever asks there waits for an answer.
        older: Of a saga, the version before its latest; empty elsewhere.
    """

    kind: str
    name: str
    times_ns: tuple[int, ...]
    replica: int = 0
    patience_ns: int = DEFAULT_PATIENCE_NS
    older: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what tells it from other places, in whatever run."""
        return self.kind, self.name, self.replica


def places_of(records: Iterable[Record], graph: Graph) -> list[Place]:
    """Return the places that a run reveals, in the order of their kinds and then of their first occasion.

    Args:
        records: Of the run, in order.
        graph: Tells what an address is, and how long callers wait.
    """
    found = _Gathering(graph)
    for record in records:
        match record:
            case Message():
                found.take_message(record)
            case Delivery():
                found.take_delivery(record)
            case DocumentChange():
                found.take_change(record)
            case SagaStep():
                found.take_step(record)
            case Span():
                found.take_span(record)
            case _:
                pass
    return found.places()


@dataclass(slots=True)
class _Gathering:
    """What is known of the places while records are read."""

    graph: Graph
    times: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    patience: dict[tuple[str, str, int], int] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    calls: dict[int, str] = field(default_factory=dict)

    def take_message(self, message: Message) -> None:
        """Note who is asked what; what comes from outside is no link of the system's, but is handled by it."""
        at_ns, address = message.at_ns, message.address
        if message.kind == "event":
            self.events[message.message] = address
            if message.sender != "world":
                self._add("event", address, at_ns)
        elif message.kind == "call":
            self.calls[message.message] = address
            if message.sender != "world":
                self._add("call", address, at_ns, patience_ns=self.graph.operations[address][1].timeout_ns)
                self._add("service", self.graph.operations[address][0], at_ns)
        elif message.kind == "http":
            party = address.partition(" ")[0]
            if party in self.graph.externals:
                self._add("third-party", party, at_ns, patience_ns=self._patience_with(party))
        elif message.kind == "job":
            self._add("job", address, at_ns)

    def take_delivery(self, delivery: Delivery) -> None:
        """Note what was handed over."""
        if delivery.outcome != "delivered":
            return
        if delivery.message in self.events:
            self._add("delivery", self.events[delivery.message], delivery.at_ns)
            self._add("service", delivery.consumer, delivery.at_ns)
        elif delivery.message in self.calls:
            self._add("handler", self.calls[delivery.message], delivery.at_ns)

    def take_change(self, change: DocumentChange) -> None:
        """Note what a service of ours wrote; a third party never crashes."""
        if change.change != "given" and change.service in self.graph.services:
            self._add("collection", f"{change.service}.{change.collection}", change.at_ns)

    def take_step(self, step: SagaStep) -> None:
        """Note what a saga began to do or to undo."""
        if step.phase in ("intent", "compensating"):
            kind = "step" if step.phase == "intent" else "compensation"
            self._add(kind, f"{step.saga.partition('/')[0]}.{step.step}", step.at_ns)

    def take_span(self, span: Span) -> None:
        """Note that a replica was at work; a crash finds it there half way, when no named point is near."""
        is_ours = span.service in self.graph.services or span.service in self.graph.sagas
        if is_ours and span.replica and span.end_ns > span.start_ns and span.kind in _WORK:
            middle_ns = (span.start_ns + span.end_ns) // 2
            self._add("replica", span.service, middle_ns, replica=span.replica)
            if self.graph.older(span.service):
                self._add("version", span.service, middle_ns)

    def places(self) -> list[Place]:
        """Return what was found."""
        known = [self._place(*key, times) for key, times in self.times.items()]
        return sorted(known, key=lambda place: (KINDS_OF_PLACE.index(place.kind), place.times_ns[0]))

    def _place(self, kind: str, name: str, replica: int, times: list[int]) -> Place:
        is_at_work = kind in ("replica", "version")
        instants = tuple(sorted(dict.fromkeys(times) if is_at_work else times))
        patience_ns = self.patience.get((kind, name, replica), DEFAULT_PATIENCE_NS)
        return Place(kind, name, instants, replica, patience_ns, self.graph.older(name)[0] if kind == "version" else "")

    def _add(self, kind: str, name: str, at_ns: int, *, replica: int = 0, patience_ns: int = 0) -> None:
        key = (kind, name, replica)
        self.times.setdefault(key, []).append(at_ns)
        if patience_ns:
            self.patience[key] = max(patience_ns, self.patience.get(key, 0))

    def _patience_with(self, party: str) -> int:
        """Return how long clients wait for a third party."""
        services = self.graph.services.values()
        clients = [service.clients[party] for service in services if party in service.clients]
        return max((duration_ns(client.timeout) for client in clients), default=DEFAULT_PATIENCE_NS)


_WORK = frozenset({"call", "external", "publish", "handle", "step", "compensation"})
