"""Carry one delivery of an event to a replica and its verdict back, and let the plan harm either way.

What a lost delivery, or a verdict that never comes, leads to is the delivery model's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from studio.ports import Envelope, Verdict, Write
from studio.records import Delivery
from studio.simulation.cluster.node import engage_later
from studio.simulation.harming.applier import Way
from studio.simulation.randomness import mix
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.brokers.consumer import Consumer
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["BACKOFF_NS", "DEAD_LETTERS", "FORGOTTEN", "Carrier", "Handed", "Settling"]

DEAD_LETTERS = "$dead-letters"
BACKOFF_NS = tuple(seconds * 1_000_000_000 for seconds in (1, 2, 4, 8, 16, 30))
"""Waits before a refused delivery comes again; the last one repeats."""
BURIED_MAX = 100_000
"""Dead letters that can be put back; of more, the oldest stay what they are."""
FORGOTTEN = "forgotten by the broker"
"""Reason of deliveries that a broker lost with its last acknowledged writes."""
_CAUSAL = (1 << 63) - 1


@dataclass(slots=True, eq=False)
class Handed:
    """One delivery under way.

    Attributes:
        attempt: Which delivery of the event to this consumer, from 1.
        causal: Key that tells it from all others: a handler that runs again draws anew, as it would in reality.
        subject: What the delivery model keeps about it.
        node: Replica that the broker chose, and `life` its incarnation; None where any that runs will do.
    """

    consumer: Consumer
    envelope: Envelope
    attempt: int
    causal: int
    subject: Any
    node: Node | None = None
    life: int = 0

    def receiver(self) -> Node | None:
        """Return the replica that takes it now; None when there is none, or it is not the one it was sent to."""
        node = self.node or self.consumer.fleet.pick()
        is_there = node is not None and node.incarnation is not None and self.life in (0, node.life)
        return node if is_there else None


def _nothing(_: Handed) -> None:
    """Leave it to the deadline."""


class Settling(Protocol):
    """Takes a verdict once it has come back to the broker."""

    def __call__(self, handed: Handed, verdict: Verdict, replica: int, /) -> None:
        """Settle a delivery, or have it come again."""
        ...


class Carrier:
    """The ways between a broker and its consumers.

    Args:
        cluster: The world's.
        settle: The delivery model's.
        lose: Told of a delivery that nobody took, or whose verdict is lost; by default the model needs no telling.
        tells_each: Whether a verdict travels to the broker; otherwise the client keeps it, and settling is at once.

    Attributes:
        buried: Dead letters by message, owner and subscription: whose, which, after how many deliveries.
    """

    def __init__(
        self,
        cluster: Cluster,
        settle: Settling,
        *,
        lose: Callable[[Handed], object] = _nothing,
        tells_each: bool = True,
    ) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm.messages
        self._settle, self._lose, self._tells_each = settle, lose, tells_each
        self.buried: dict[tuple[int, str, str], tuple[Consumer, Envelope, int]] = {}

    def hand(
        self, consumer: Consumer, envelope: Envelope, attempt: int, subject: Any, node: Node | None = None
    ) -> Handed:
        """Return a delivery that is about to be sent."""
        if attempt > 1:
            self.note(envelope, consumer.fleet.owner, attempt, "redelivered", "")
        causal = mix(envelope.causal, consumer.key, attempt) & _CAUSAL
        return Handed(consumer, envelope, attempt, causal, subject, node, 0 if node is None else node.life)

    def arrival_ns(self, handed: Handed) -> int:
        """Return when a delivery that leaves now arrives."""
        envelope = handed.envelope
        leg_ns = self._cluster.links.leg_ns(
            envelope.address, "delivery", handed.causal, envelope.message, way_of(handed)
        )
        return self._loop.now_ns + leg_ns

    def send(self, handed: Handed, arrival_ns: int) -> None:
        """Send a delivery on its way, unless the plan loses it."""
        if self._harm.is_on and self._is_hindered(handed, arrival_ns):
            self._lose(handed)
            return
        self._loop.at(arrival_ns, handed.consumer.fleet.key, self._take, handed)

    def _is_hindered(self, handed: Handed, arrival_ns: int) -> bool:
        """Let the plan lose a delivery, or deliver it twice."""
        envelope, consumer = handed.envelope, handed.consumer
        way = way_of(handed)
        if self._harm.loses(envelope.address, "delivery", handed.causal, envelope.message, way):
            self.note(envelope, consumer.fleet.owner, handed.attempt, "lost", "delivery")
            return True
        after_ns = self._harm.duplicates_ns(envelope.address, handed.causal, envelope.message, way)
        if after_ns is not None:
            self.note(envelope, consumer.fleet.owner, handed.attempt, "duplicated", "")
            causal = mix(handed.causal, 2) & _CAUSAL
            again = Handed(consumer, envelope, handed.attempt, causal, handed.subject, handed.node, handed.life)
            self._loop.at(arrival_ns + after_ns, consumer.fleet.key, self._take, again)
        return False

    def _take(self, handed: Handed) -> None:
        """Hand a delivery to a replica; where none takes it, nothing comes back."""
        consumer, envelope = handed.consumer, handed.envelope
        owner = consumer.fleet.owner
        node = handed.receiver()
        if node is None:
            self.note(envelope, owner, handed.attempt, "lost", "no replica")
            self._lose(handed)
            return
        if self._harm.is_on and self._is_shut(handed, node):
            self._lose(handed)
            return
        self.note(envelope, owner, handed.attempt, "delivered", consumer.name, node.number)
        assert node.context is not None
        assert node.incarnation is not None
        delivered, number = self._delivered(handed, node), node.number

        def finished(task: HandlerTask) -> None:
            if not task.cancelled():
                self._answer(handed, task.result(), number)

        def work(replica: Any) -> Coroutine[Any, Any, Verdict]:
            return self._cluster.deliver(replica, consumer.name, delivered, handed.attempt)

        if self._loop.paused and node.incarnation.key in self._loop.paused:
            engage_later(self._loop, node, work, finished)
        else:
            HandlerTask(
                work(node.replica), self._loop, node.context.copy(), node.incarnation, finished
            ).advance()  # fmt: skip

    def _is_shut(self, handed: Handed, node: Node) -> bool:
        """Let the plan keep a delivery from the replica that it came to."""
        envelope, owner, way = handed.envelope, handed.consumer.fleet.owner, way_of(handed, node.number)
        is_down = any(
            self._harm.is_down(name, handed.causal, envelope.message, way) for name in (owner, f"{owner}/{node.number}")
        )
        if is_down:
            self.note(envelope, owner, handed.attempt, "lost", "down")
            return True
        links = self._harm.links
        if links.is_on and links.cuts_node("delivery", handed.causal, envelope.message, way):
            self.note(envelope, owner, handed.attempt, "lost", "delivery")
            return True
        return False

    def _delivered(self, handed: Handed, node: Node) -> Envelope:
        """Return an event as one delivery brings it."""
        envelope, causal = handed.envelope, handed.causal
        if self._harm.is_on:
            way = way_of(handed, node.number)
            body = self._harm.arriving(envelope.address, "request", envelope.body, causal, envelope.message, way)
            if body is not None:
                envelope = replace(envelope, body=body)
        return _as_delivered(envelope, causal)

    def _answer(self, handed: Handed, verdict: Verdict, replica: int) -> None:
        """Send a consumer's verdict back to the broker."""
        if not self._tells_each:
            self._settle(handed, verdict, replica)
        elif not self.tell(handed, replica, self._arrive, (handed, verdict, replica)):
            self._lose(handed)

    def tell(self, handed: Handed, replica: int, arrive: Callable[[Any], None], what: Any) -> bool:
        """Send something about a delivery to the broker; return False where the plan loses it.

        Args:
            handed: The delivery.
            replica: Who tells.
            arrive: Called with `what` when it has come.
            what: Such as the verdict.
        """
        envelope, causal = handed.envelope, handed.causal
        way = way_of(handed, replica)
        if self._harm.is_on and self._harm.loses(envelope.address, "acknowledgement", causal, envelope.message, way):
            self.note(envelope, handed.consumer.fleet.owner, handed.attempt, "lost", "acknowledgement", replica)
            return False
        leg_ns = self._cluster.links.leg_ns(envelope.address, "acknowledgement", causal, envelope.message, way)
        self._loop.at(self._loop.now_ns + leg_ns, 0, arrive, what)
        return True

    def _arrive(self, settled: tuple[Handed, Verdict, int]) -> None:
        self._settle(*settled)

    def bury(self, consumer: Consumer, envelope: Envelope, attempts: int, reason: str) -> None:
        """Keep an event that was delivered too often as a dead letter of its consumer."""
        self.note(envelope, consumer.fleet.owner, attempts, "dead-lettered", reason)
        self.buried[envelope.message, consumer.fleet.owner, consumer.name] = consumer, envelope, attempts
        if len(self.buried) > BURIED_MAX:
            del self.buried[next(iter(self.buried))]
        letter = {"address": envelope.address, "consumer": consumer.name, "attempts": attempts, "reason": reason,
                  "body": envelope.body.decode()}  # fmt: skip
        key = f"{consumer.name}/{envelope.message}"
        self._cluster.commit_now(Write(consumer.fleet.owner, DEAD_LETTERS, key, json.dumps(letter).encode()))

    def unbury(self, consumer: Consumer, envelope: Envelope, attempts: int) -> Envelope:
        """Take a dead letter back, and return its event as it is delivered once more: what it meets is drawn anew."""
        self.note(envelope, consumer.fleet.owner, attempts, "redelivered", "by an operator")
        key = f"{consumer.name}/{envelope.message}"
        self._cluster.commit_now(Write(consumer.fleet.owner, DEAD_LETTERS, key, None))
        return replace(envelope, causal=mix(envelope.causal, attempts) & _CAUSAL)

    def note(  # noqa: PLR0917 - a record's columns
        self, envelope: Envelope, consumer: str, attempt: int, outcome: str, reason: str, replica: int = 0
    ) -> None:
        """Record what became of a delivery."""
        recorder = self._cluster.recorder
        if recorder is not None:
            recorder.write(Delivery(self._loop.now_ns, envelope.message, consumer, replica, attempt, outcome, reason))


def way_of(handed: Handed, number: int = 0) -> Way:
    """Return from whom an event came, and to whom a delivery takes it."""
    envelope = handed.envelope
    chosen = 0 if handed.node is None else handed.node.number
    return Way(envelope.sender, envelope.replica, handed.consumer.fleet.owner, number or chosen)


def _as_delivered(of: Envelope, causal: int) -> Envelope:
    """Return an event as one delivery brings it: with a causal key of its own."""
    return Envelope(
        of.message, of.kind, of.address, of.body, of.sender, of.replica, of.key, of.trace, of.span, of.cause, causal,
        of.deadline_ns, of.idempotency, of.saga, of.epoch, of.principal, of.attempt,
    )  # fmt: skip
