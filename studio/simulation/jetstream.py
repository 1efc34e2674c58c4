"""The delivery model of NATS JetStream, for events between simulated services.

What it promises: a published event is stored once within the duplicate window, then delivered to each consumer until it
is acknowledged, at most `max_deliver` times. What it does not: order, once anything is redelivered with several in
flight. Defaults are the broker's: duplicate window 2 minutes, redelivery after `ack_wait`, no dead letter of its own
(ours is a document of the consumer).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.address import matches, parse, pattern
from studio.errors import PublishFailed
from studio.model.duration import SECOND_NS
from studio.ports import Envelope, Verdict, Write
from studio.records import Delivery
from studio.simulation.awaiting import perform
from studio.simulation.deadlines import DeadlineQueue, Deadlines
from studio.simulation.exchange import Exchange
from studio.simulation.randomness import mix, stable_key
from studio.simulation.readers import Readers
from studio.simulation.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster import Cluster
    from studio.simulation.node import Fleet

__all__ = ["DEAD_LETTERS", "Broker", "Consumer"]

DEAD_LETTERS = "$dead-letters"
PUBLISH_WAIT_NS = 5 * SECOND_NS
"""How long a publisher waits for the confirmation."""
DUPLICATE_WINDOW_NS = 120 * SECOND_NS
"""JetStream's default `duplicate_window`."""
BACKOFF_NS = (SECOND_NS, 2 * SECOND_NS, 4 * SECOND_NS, 8 * SECOND_NS, 16 * SECOND_NS, 30 * SECOND_NS)
"""Waits before a refused delivery comes again; the last one repeats."""
_CAUSAL = (1 << 63) - 1


@dataclass(slots=True, eq=False)
class Pending:
    """An event that a consumer has not acknowledged.

    Attributes:
        attempt: Of the latest delivery, from 1; 0 before the first.
        is_out: Whether it takes one of the consumer's places in flight.
        is_done: Whether it was acknowledged or buried.
        due: The acknowledgement of the latest delivery.
    """

    envelope: Envelope
    attempt: int = 0
    is_out: bool = False
    is_done: bool = False
    reason: str = ""
    due: Due | None = None


@dataclass(slots=True, eq=False)
class Due:
    """The acknowledgement of one delivery, due within `ack_wait`."""

    consumer: Consumer
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
class Consumer:
    """One subscription's place at the broker.

    Attributes:
        name: Of the subscription; the saga's name for a trigger.
        in_flight: Deliveries under way; `limit` at most.
        waiting: Stored and not delivered, in the order of storing; what is delivered again comes first.
    """

    fleet: Fleet
    name: str
    patterns: tuple[str, ...]
    ack_wait_ns: int
    max_deliver: int
    limit: int
    in_flight: int = 0
    waiting: deque[Pending] = field(default_factory=deque)
    known: dict[str, bool] = field(default_factory=dict)
    key: int = field(init=False)

    def __post_init__(self) -> None:
        self.key = stable_key(f"consumer {self.fleet.owner}.{self.name}")

    def wants(self, address: str) -> bool:
        """Say whether an event of that address is for it."""
        wanted = self.known.get(address)
        if wanted is None:
            parsed = parse(address)
            wanted = self.known[address] = any(matches(pattern(each), parsed) for each in self.patterns)
        return wanted

    @property
    def is_down(self) -> bool:
        """Say whether no replica runs; deliveries wait until one does."""
        return all(node.incarnation is None for node in self.fleet.nodes)


@dataclass(slots=True, eq=False)
class Handed:
    """One delivery under way: which attempt, and the key that tells it from all others."""

    consumer: Consumer
    pending: Pending
    attempt: int
    causal: int


class PublishExchange(Exchange):
    """A publisher's wait for the broker's confirmation."""

    __slots__ = ("envelope",)

    envelope: Envelope


class Broker:
    """Store events and deliver them.

    Args:
        cluster: The world's.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop, self._harm = cluster, cluster.loop, cluster.harm
        self._deadlines = Deadlines(cluster.loop, self._expire)
        self._acknowledgements = Deadlines(cluster.loop, self._check)
        self.consumers: list[Consumer] = []
        self.readers = Readers(cluster)
        self._stored: dict[int, int] = {}
        self._stored_order: deque[tuple[int, int]] = deque()

    # -- publishing -------------------------------------------------------------------------------------------------

    async def publish(self, envelope: Envelope) -> None:
        """Return once the event is stored.

        Raises:
            PublishFailed: Not confirmed in time; it may be stored.
        """
        exchange = PublishExchange(self._send, envelope.address, envelope.message, envelope.causal)
        exchange.envelope = envelope
        await perform(exchange)

    def _send(self, exchange: Any) -> None:
        envelope: Envelope = exchange.envelope
        self._deadlines.watch(exchange, PUBLISH_WAIT_NS)
        if self._harm.on_messages and self._harm.loses(envelope.address, "publish", envelope.causal, envelope.message):
            self._note(envelope, "broker", 1, "lost", "publish")
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "publish", envelope.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, 0, self._arrive, exchange)

    def _arrive(self, exchange: PublishExchange) -> None:
        envelope = exchange.envelope
        self.store(envelope)
        if self._harm.on_messages and self._harm.loses(envelope.address, "reply", envelope.causal, envelope.message):
            self._note(envelope, envelope.sender, 1, "lost", "confirmation", envelope.replica)
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "reply", envelope.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, exchange.caller_key, exchange.answer, None)

    def _expire(self, exchange: Exchange) -> None:
        error = PublishFailed(address=exchange.target)
        self._loop.at(self._loop.now_ns, exchange.caller_key, exchange.fail, error)

    def store(self, envelope: Envelope) -> None:
        """Store an event, unless one of the same id was stored within the window, and offer it to its consumers."""
        now_ns = self._loop.now_ns
        self._forget_stored(now_ns)
        if envelope.message in self._stored:
            self._note(envelope, "broker", 1, "duplicate", "dropped")
            return
        self._stored[envelope.message] = now_ns
        self._stored_order.append((now_ns, envelope.message))
        for consumer in self.consumers:
            if consumer.wants(envelope.address):
                consumer.waiting.append(Pending(envelope))
                self.pump(consumer)
        self.readers.offer(envelope)

    def _forget_stored(self, now_ns: int) -> None:
        order = self._stored_order
        while order and order[0][0] + DUPLICATE_WINDOW_NS < now_ns:
            del self._stored[order.popleft()[1]]

    # -- delivering -------------------------------------------------------------------------------------------------

    def pump(self, consumer: Consumer) -> None:
        """Deliver what waits, as far as the consumer's bound allows and a replica runs."""
        while consumer.waiting and consumer.in_flight < consumer.limit and not consumer.is_down:
            pending = consumer.waiting.popleft()
            if not pending.is_done:  # an earlier delivery's acknowledgement may have come meanwhile
                consumer.in_flight += 1
                pending.is_out = True
                self._deliver(consumer, pending)

    def _deliver(self, consumer: Consumer, pending: Pending) -> None:
        """Send one delivery on its way; its acknowledgement is due within `ack_wait`."""
        pending.attempt += 1
        envelope, attempt = pending.envelope, pending.attempt
        if attempt > 1:
            self._note(envelope, consumer.fleet.owner, attempt, "redelivered", "")
        # Each delivery has a causal key of its own: a handler that runs again draws anew, as it would in reality.
        handed = Handed(consumer, pending, attempt, mix(envelope.causal, consumer.key, attempt) & _CAUSAL)
        leg_ns = self._cluster.links.leg_ns(envelope.address, "delivery", handed.causal, envelope.message)
        arrival_ns = self._loop.now_ns + leg_ns
        pending.due = Due(consumer, pending)
        self._acknowledgements.watch(pending.due, consumer.ack_wait_ns)
        if self._harm.on_messages and self._is_hindered(handed, arrival_ns):
            return
        self._loop.at(arrival_ns, consumer.fleet.key, self._take, handed)

    def _is_hindered(self, handed: Handed, arrival_ns: int) -> bool:
        """Let the plan lose a delivery, or deliver it twice."""
        envelope, consumer = handed.pending.envelope, handed.consumer
        if self._harm.loses(envelope.address, "delivery", handed.causal, envelope.message):
            self._note(envelope, consumer.fleet.owner, handed.attempt, "lost", "delivery")
            return True
        after_ns = self._harm.duplicates_ns(envelope.address, handed.causal, envelope.message)
        if after_ns is not None:
            self._note(envelope, consumer.fleet.owner, handed.attempt, "duplicated", "")
            again = Handed(consumer, handed.pending, handed.attempt, mix(handed.causal, 2) & _CAUSAL)
            self._loop.at(arrival_ns + after_ns, consumer.fleet.key, self._take, again)
        return False

    def _take(self, handed: Handed) -> None:
        """Hand a delivery to a replica; when none runs any more it comes again after `ack_wait`."""
        consumer, envelope = handed.consumer, handed.pending.envelope
        owner = consumer.fleet.owner
        node = consumer.fleet.pick()
        if node is None:
            self._note(envelope, owner, handed.attempt, "lost", "no replica")
            return
        if self._harm.on_messages and self._harm.is_down(owner, handed.causal, envelope.message):
            self._note(envelope, owner, handed.attempt, "lost", "down")
            return
        self._note(envelope, owner, handed.attempt, "delivered", consumer.name, node.number)
        assert node.context is not None
        assert node.incarnation is not None
        work = self._cluster.deliver(node, consumer.name, _as_delivered(envelope, handed.causal), handed.attempt)
        number = node.number

        def finished(task: HandlerTask) -> None:
            if not task.cancelled():
                self._answer(handed, task.result(), number)

        HandlerTask(work, self._loop, node.context.copy(), node.incarnation, finished).advance()

    def _answer(self, handed: Handed, verdict: Verdict, replica: int) -> None:
        """Send a consumer's verdict back to the broker."""
        envelope, owner = handed.pending.envelope, handed.consumer.fleet.owner
        if self._harm.on_messages and self._harm.loses(
            envelope.address, "acknowledgement", handed.causal, envelope.message
        ):
            self._note(envelope, owner, handed.attempt, "lost", "acknowledgement", replica)
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "acknowledgement", handed.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, 0, self._settle, (handed, verdict, replica))

    def _settle(self, settled: tuple[Handed, Verdict, int]) -> None:
        handed, verdict, replica = settled
        consumer, pending, attempt = handed.consumer, handed.pending, handed.attempt
        if pending.is_done:
            return
        self._note(pending.envelope, consumer.fleet.owner, attempt, verdict.outcome, verdict.reason, replica)
        if verdict.outcome == "acknowledged":
            self._finish(consumer, pending)
            return
        pending.reason = verdict.reason or "refused"
        assert pending.due is not None
        if attempt != pending.attempt or pending.due.is_over:
            return  # an earlier delivery's refusal, or that of a duplicate: it comes again anyhow
        pending.due.close()
        if attempt >= consumer.max_deliver or verdict.outcome == "dead-lettered":
            self._bury(consumer, pending)
            return
        delay_ns = verdict.delay_ns or BACKOFF_NS[min(attempt - 1, len(BACKOFF_NS) - 1)]
        self._loop.at(self._loop.now_ns + delay_ns, 0, self._again, pending.due)

    def _check(self, due: Due) -> None:
        """Deliver again what was neither acknowledged nor refused within `ack_wait`."""
        due.is_over = True
        if due.pending.attempt >= due.consumer.max_deliver:
            self._bury(due.consumer, due.pending)
        else:
            self._again(due)

    def _again(self, due: Due) -> None:
        consumer, pending = due.consumer, due.pending
        if pending.is_done:
            return
        if consumer.is_down:
            pending.is_out = False
            consumer.in_flight -= 1
            consumer.waiting.appendleft(pending)
        else:
            self._deliver(consumer, pending)

    def _bury(self, consumer: Consumer, pending: Pending) -> None:
        """Keep an event that was delivered too often as a dead letter of its consumer."""
        envelope = pending.envelope
        reason = pending.reason or "not acknowledged"
        self._note(envelope, consumer.fleet.owner, pending.attempt, "dead-lettered", reason)
        letter = {"address": envelope.address, "consumer": consumer.name, "attempts": pending.attempt, "reason": reason,
                  "body": envelope.body.decode()}  # fmt: skip
        key = f"{consumer.name}/{envelope.message}"
        self._cluster.commit_now(Write(consumer.fleet.owner, DEAD_LETTERS, key, json.dumps(letter).encode()))
        self._finish(consumer, pending)

    def _finish(self, consumer: Consumer, pending: Pending) -> None:
        pending.is_done = True
        if pending.due is not None:
            pending.due.close()
        if pending.is_out:
            pending.is_out = False
            consumer.in_flight -= 1
        self.pump(consumer)

    # -- looking ----------------------------------------------------------------------------------------------------

    def undelivered(self) -> dict[str, int]:
        """Return how many events each consumer has not acknowledged, by `Service.handler`; only where there are any."""
        found = {}
        for consumer in self.consumers:
            count = consumer.in_flight + sum(not pending.is_done for pending in consumer.waiting)
            if count:
                found[f"{consumer.fleet.owner}.{consumer.name}"] = count
        return found

    def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events from now on."""
        return self.readers.read(address)

    def _note(  # noqa: PLR0917 - a record's columns
        self, envelope: Envelope, consumer: str, attempt: int, outcome: str, reason: str, replica: int = 0
    ) -> None:
        recorder = self._cluster.recorder
        if recorder is not None:
            recorder.write(Delivery(self._loop.now_ns, envelope.message, consumer, replica, attempt, outcome, reason))


def _as_delivered(of: Envelope, causal: int) -> Envelope:
    """Return an event as one delivery brings it: with a causal key of its own."""
    return Envelope(
        of.message, of.kind, of.address, of.body, of.sender, of.replica, of.key, of.trace, of.span, of.cause, causal,
        of.deadline_ns, of.idempotency, of.saga, of.epoch, of.principal, of.attempt,
    )  # fmt: skip
