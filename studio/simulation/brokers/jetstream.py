"""The delivery model of NATS JetStream.

What it promises: a published event is stored once within the duplicate window, then delivered to each consumer until it
is acknowledged, at most `max_deliver` times. What it does not: order, once anything is redelivered with several in
flight. Defaults are the broker's: duplicate window 2 minutes, redelivery after `ack_wait`, no dead letter of its own
(ours is a document of the consumer). The page `docs/delivery/jetstream.md` cites them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.ports import Envelope, Verdict
from studio.simulation.brokers.carrier import BACKOFF_NS, FORGOTTEN, Carrier, Handed
from studio.simulation.brokers.consumer import Consumer
from studio.simulation.virtual.deadlines import DeadlineQueue, Deadlines

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["JetStream"]

PUBLISH_WAIT_NS = 5 * SECOND_NS
"""How long a publisher waits for the confirmation, as nats.go does by default."""
DUPLICATE_WINDOW_NS = 120 * SECOND_NS
"""JetStream's default `duplicate_window`."""


@dataclass(slots=True, eq=False)
class Pending:
    """An event that a consumer has not acknowledged.

    Attributes:
        stored_ns: When the broker stored it.
        attempt: Of the latest delivery, from 1; 0 before the first.
        is_out: Whether it takes one of the consumer's places in flight.
        is_done: Whether it was acknowledged or buried.
        due: The acknowledgement of the latest delivery.
    """

    envelope: Envelope
    stored_ns: int
    attempt: int = 0
    is_out: bool = False
    is_done: bool = False
    reason: str = ""
    due: Due | None = None


@dataclass(slots=True, eq=False)
class Due:
    """The acknowledgement of one delivery, due within `ack_wait`."""

    line: Line
    pending: Pending
    is_over: bool = False
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        """Say whether it has come, or is not waited for any more."""
        return self.is_over

    def close(self) -> None:
        """Wait no more."""
        self.is_over = True
        if self.queue is not None:
            self.queue.release()


@dataclass(slots=True, eq=False)
class Line:
    """What one consumer has not acknowledged.

    Attributes:
        in_flight: Deliveries under way; the consumer's `limit` at most.
        waiting: Stored and not delivered, in the order of storing; what is delivered again comes first.
        out: Those that take a place in flight, in the order in which they took it.
    """

    consumer: Consumer
    in_flight: int = 0
    waiting: deque[Pending] = field(default_factory=deque)
    out: dict[Pending, None] = field(default_factory=dict)


class JetStream:
    """One stream of all events, a durable consumer for each subscription.

    Args:
        cluster: The world's.
    """

    publish_wait_ns, resend_ns = PUBLISH_WAIT_NS, 0

    def __init__(self, cluster: Cluster) -> None:
        self._loop = cluster.loop
        self._acknowledgements = Deadlines(cluster.loop, self._check)
        self.carrier = Carrier(cluster, self._settle)
        self.lines: list[Line] = []
        self._stored: dict[int, int] = {}
        self._stored_order: deque[tuple[int, int]] = deque()

    def subscribe(self, consumer: Consumer) -> None:
        """Take a consumer on."""
        self.lines.append(Line(consumer))

    # -- storing ----------------------------------------------------------------------------------------------------

    def store(self, envelope: Envelope, *, is_resent: bool) -> bool:
        """Store an event, unless one of the same id was stored within the window, and offer it to its consumers."""
        now_ns = self._loop.now_ns
        self._forget_stored(now_ns)
        if envelope.message in self._stored:
            return False
        self._stored[envelope.message] = now_ns
        self._stored_order.append((now_ns, envelope.message))
        for line in self.lines:
            if line.consumer.wants(envelope.address):
                line.waiting.append(Pending(envelope, now_ns))
                self._pump(line)
        return True

    def redeliver(self, consumer: Consumer, envelope: Envelope) -> None:
        """Offer an event to one consumer once more, as a message that is published for it alone."""
        for line in self.lines:
            if line.consumer is consumer:
                line.waiting.append(Pending(envelope, self._loop.now_ns))
                self._pump(line)

    def _forget_stored(self, now_ns: int) -> None:
        order = self._stored_order
        while order and order[0][0] + DUPLICATE_WINDOW_NS < now_ns:
            del self._stored[order.popleft()[1]]

    def forget_since(self, at_ns: int) -> int:
        """Lose what was stored from an instant on; its ids are forgotten too, so it can be published again."""
        while self._stored_order and self._stored_order[-1][0] >= at_ns:
            del self._stored[self._stored_order.pop()[1]]
        return sum(self._lose_since(line, at_ns) for line in self.lines)

    def _lose_since(self, line: Line, at_ns: int) -> int:
        lost = [each for each in (*line.out, *line.waiting) if each.stored_ns >= at_ns and not each.is_done]
        for pending in lost:
            pending.is_done = True  # all of them, before the first one's place goes to another
            self.carrier.note(pending.envelope, line.consumer.fleet.owner, pending.attempt, "lost", FORGOTTEN)
        for pending in lost:
            self._finish(line, pending)
        return len(lost)

    # -- delivering -------------------------------------------------------------------------------------------------

    def started(self, node: Node) -> None:
        """Deliver what waited for a replica."""
        for line in self.lines:
            if line.consumer.fleet.owner == node.owner:
                self._pump(line)

    def crashed(self, node: Node) -> None:
        """Notice nothing: JetStream watches acknowledgements, not connections."""

    def paused(self, node: Node) -> None:
        """Notice nothing, likewise."""

    def woke(self, node: Node) -> None:
        """Notice nothing, likewise."""

    def left(self, node: Node) -> None:
        """Notice nothing, likewise."""

    def _pump(self, line: Line) -> None:
        """Deliver what waits, as far as the consumer's bound allows and a replica runs."""
        while line.waiting and line.in_flight < line.consumer.limit and not line.consumer.is_down:
            pending = line.waiting.popleft()
            if not pending.is_done:  # an earlier delivery's acknowledgement may have come meanwhile
                line.in_flight += 1
                pending.is_out = True
                line.out[pending] = None
                self._deliver(line, pending)

    def _deliver(self, line: Line, pending: Pending) -> None:
        """Send one delivery on its way; its acknowledgement is due within `ack_wait`."""
        pending.attempt += 1
        handed = self.carrier.hand(line.consumer, pending.envelope, pending.attempt, (line, pending))
        arrival_ns = self.carrier.arrival_ns(handed)
        pending.due = Due(line, pending)
        self._acknowledgements.watch(pending.due, line.consumer.ack_wait_ns)
        self.carrier.send(handed, arrival_ns)

    def _settle(self, handed: Handed, verdict: Verdict, replica: int) -> None:
        line, pending = handed.subject
        consumer, attempt = handed.consumer, handed.attempt
        if pending.is_done:
            return
        self.carrier.note(handed.envelope, consumer.fleet.owner, attempt, verdict.outcome, verdict.reason, replica)
        if verdict.outcome == "acknowledged":
            self._finish(line, pending)
            return
        pending.reason = verdict.reason or "refused"
        assert pending.due is not None
        if attempt != pending.attempt or pending.due.is_over:
            return  # an earlier delivery's refusal, or that of a duplicate: it comes again anyhow
        pending.due.close()
        if attempt >= consumer.max_deliver or verdict.outcome == "dead-lettered":
            self._bury(line, pending)
            return
        delay_ns = verdict.delay_ns or BACKOFF_NS[min(attempt - 1, len(BACKOFF_NS) - 1)]
        self._loop.at(self._loop.now_ns + delay_ns, 0, self._again, pending.due)

    def _check(self, due: Due) -> None:
        """Deliver again what was neither acknowledged nor refused within `ack_wait`."""
        due.is_over = True
        if due.pending.attempt >= due.line.consumer.max_deliver:
            self._bury(due.line, due.pending)
        else:
            self._again(due)

    def _again(self, due: Due) -> None:
        line, pending = due.line, due.pending
        if pending.is_done:
            return
        if line.consumer.is_down:
            self._free(line, pending)
            line.waiting.appendleft(pending)
        else:
            self._deliver(line, pending)

    def _bury(self, line: Line, pending: Pending) -> None:
        self.carrier.bury(line.consumer, pending.envelope, pending.attempt, pending.reason or "not acknowledged")
        self._finish(line, pending)

    def _finish(self, line: Line, pending: Pending) -> None:
        pending.is_done = True
        if pending.due is not None:
            pending.due.close()
        self._free(line, pending)
        self._pump(line)

    @staticmethod
    def _free(line: Line, pending: Pending) -> None:
        """Give its place in flight back."""
        if pending.is_out:
            pending.is_out = False
            line.in_flight -= 1
            del line.out[pending]

    # -- looking ----------------------------------------------------------------------------------------------------

    def undelivered(self) -> list[tuple[Consumer, int]]:
        """Return how many events each consumer has not acknowledged."""
        return [
            (line.consumer, line.in_flight + sum(not pending.is_done for pending in line.waiting))
            for line in self.lines
        ]
