"""The delivery model of NATS JetStream, for events between simulated services.

What it promises: a published event is stored once within the duplicate window, then delivered to each consumer until it
is acknowledged, at most `max_deliver` times. What it does not: order, once anything is redelivered with several in
flight. Defaults are the broker's: duplicate window 2 minutes, redelivery after `ack_wait`, no dead letter of its own (ours
is a document of the consumer).
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
from studio.simulation.deadlines import DeadlineQueue, Deadlines
from studio.simulation.exchange import Exchange
from studio.simulation.task import HandlerTask, perform, suspend

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


@dataclass(slots=True, eq=False)
class Pending:
    """An event that a consumer has not acknowledged."""

    envelope: Envelope
    attempt: int = 0
    done: bool = False
    reason: str = ""
    due: Due | None = None

    def release(self) -> None:
        """Let go of the deadline of the latest delivery."""
        if self.due is not None and self.due.queue is not None:
            self.due.queue.release()


@dataclass(slots=True, eq=False)
class Due:
    """An acknowledgement that is due."""

    consumer: Consumer
    pending: Pending
    attempt: int
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        """Say whether it has come, or another delivery's is due instead."""
        return self.pending.done or self.pending.attempt != self.attempt or bool(self.pending.reason)


@dataclass(slots=True, eq=False)
class Consumer:
    """One subscription's place at the broker.

    Attributes:
        name: Of the subscription; the saga's name for a trigger.
        in_flight: Deliveries under way; `limit` at most.
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

    def wants(self, address: str) -> bool:
        """Say whether an event of that address is for it."""
        wanted = self.known.get(address)
        if wanted is None:
            parsed = parse(address)
            wanted = self.known[address] = any(matches(pattern(each), parsed) for each in self.patterns)
        return wanted


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
        self._stored: dict[int, int] = {}
        self._stored_order: deque[tuple[int, int]] = deque()
        self._streams: list[tuple[str, deque[Envelope], list[Any]]] = []

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
            self._note(envelope, "broker", 0, 1, "lost", "publish")
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "publish", envelope.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, 0, self._arrive, exchange)

    def _arrive(self, exchange: PublishExchange) -> None:
        envelope = exchange.envelope
        self.store(envelope)
        if self._harm.on_messages and self._harm.loses(envelope.address, "reply", envelope.causal, envelope.message):
            self._note(envelope, envelope.sender, envelope.replica, 1, "lost", "confirmation")
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
            self._note(envelope, "broker", 0, 1, "duplicate", "dropped")
            return
        self._stored[envelope.message] = now_ns
        self._stored_order.append((now_ns, envelope.message))
        for consumer in self.consumers:
            if consumer.wants(envelope.address):
                consumer.waiting.append(Pending(envelope))
                self.pump(consumer)
        for address, queue, waiters in self._streams:
            if matches(pattern(address), parse(envelope.address)):
                queue.append(envelope)
                while waiters:
                    self._loop.at(now_ns, 0, waiters.pop().advance, None)

    def _forget_stored(self, now_ns: int) -> None:
        order = self._stored_order
        while order and order[0][0] + DUPLICATE_WINDOW_NS < now_ns:
            del self._stored[order.popleft()[1]]

    # -- delivering -------------------------------------------------------------------------------------------------

    def pump(self, consumer: Consumer) -> None:
        """Deliver what waits, as far as the consumer's bound allows and a replica runs."""
        while consumer.waiting and consumer.in_flight < consumer.limit:
            if all(node.incarnation is None for node in consumer.fleet.nodes):
                return
            pending = consumer.waiting.popleft()
            consumer.in_flight += 1
            self._deliver(consumer, pending)

    def _deliver(self, consumer: Consumer, pending: Pending) -> None:
        """Send one delivery on its way; its acknowledgement is due within `ack_wait`."""
        pending.attempt += 1
        envelope, attempt = pending.envelope, pending.attempt
        cluster = self._cluster
        leg_ns = cluster.links.leg_ns(envelope.address, "request", envelope.causal, envelope.message * 31 + attempt)
        arrival_ns = self._loop.now_ns + leg_ns
        pending.due = Due(consumer, pending, attempt)
        self._acknowledgements.watch(pending.due, consumer.ack_wait_ns)
        if self._harm.on_messages:
            if self._harm.loses(envelope.address, "request", envelope.causal, envelope.message):
                self._note(envelope, consumer.fleet.owner, 0, attempt, "lost", "delivery")
                return
            after_ns = self._harm.duplicates_ns(envelope.address, envelope.causal, envelope.message)
            if after_ns is not None:
                self._note(envelope, consumer.fleet.owner, 0, attempt, "duplicated", "")
                again = (consumer, pending, attempt)
                self._loop.at(arrival_ns + after_ns, consumer.fleet.key, self._take, again)
        self._loop.at(arrival_ns, consumer.fleet.key, self._take, (consumer, pending, attempt))

    def _take(self, delivery: tuple[Consumer, Pending, int]) -> None:
        """Hand a delivery to a replica; when none runs any more it comes again after `ack_wait`."""
        consumer, pending, attempt = delivery
        node = consumer.fleet.pick()
        if node is None or self._harm.is_down(consumer.fleet.owner, pending.envelope.causal, pending.envelope.message):
            return
        self._note(pending.envelope, consumer.fleet.owner, node.number, attempt, "delivered", consumer.name)
        assert node.context is not None and node.incarnation is not None
        work = self._cluster.deliver(node, consumer.name, pending.envelope, attempt)
        number = node.number

        def finished(task: HandlerTask) -> None:
            if not task.cancelled():
                self._answer(consumer, pending, attempt, task.result(), number)

        HandlerTask(work, self._loop, node.context.copy(), node.incarnation, finished).advance()

    def _answer(self, consumer: Consumer, pending: Pending, attempt: int, verdict: Verdict, replica: int) -> None:
        """Send a consumer's verdict back to the broker."""
        envelope = pending.envelope
        if self._harm.on_messages and self._harm.loses(
            envelope.address, "acknowledgement", envelope.causal, envelope.message
        ):
            self._note(envelope, consumer.fleet.owner, replica, attempt, "lost", "acknowledgement")
            return
        leg_ns = self._cluster.links.leg_ns(envelope.address, "acknowledgement", envelope.causal, envelope.message)
        self._loop.at(self._loop.now_ns + leg_ns, 0, self._settle, (consumer, pending, attempt, verdict, replica))

    def _settle(self, settled: tuple[Consumer, Pending, int, Verdict, int]) -> None:
        consumer, pending, attempt, verdict, replica = settled
        if pending.done:
            return
        self._note(pending.envelope, consumer.fleet.owner, replica, attempt, verdict.outcome, verdict.reason)
        if verdict.outcome == "acknowledged":
            self._finish(consumer, pending)
            return
        if attempt != pending.attempt:
            return  # an earlier delivery's refusal, after it was delivered again already
        pending.reason = verdict.reason or "refused"
        pending.release()
        if attempt >= consumer.max_deliver or verdict.outcome == "dead-lettered":
            self._bury(consumer, pending)
            return
        delay_ns = verdict.delay_ns or BACKOFF_NS[min(attempt - 1, len(BACKOFF_NS) - 1)]
        self._loop.at(self._loop.now_ns + delay_ns, 0, self._again, (consumer, pending, attempt))

    def _check(self, due: Due) -> None:
        """Deliver again what was neither acknowledged nor refused within `ack_wait`."""
        if due.attempt >= due.consumer.max_deliver:
            self._bury(due.consumer, due.pending)
        else:
            self._again((due.consumer, due.pending, due.attempt))

    def _again(self, delivery: tuple[Consumer, Pending, int]) -> None:
        consumer, pending, attempt = delivery
        if pending.done or pending.attempt != attempt:
            return
        pending.reason = ""
        if all(node.incarnation is None for node in consumer.fleet.nodes):
            consumer.in_flight -= 1
            consumer.waiting.appendleft(pending)
            return
        self._note(pending.envelope, consumer.fleet.owner, 0, attempt + 1, "redelivered", "")
        self._deliver(consumer, pending)

    def _bury(self, consumer: Consumer, pending: Pending) -> None:
        """Keep an event that was delivered too often as a dead letter of its consumer."""
        envelope = pending.envelope
        reason = pending.reason or "not acknowledged"
        self._note(envelope, consumer.fleet.owner, 0, pending.attempt, "dead-lettered", reason)
        letter = {"address": envelope.address, "consumer": consumer.name, "attempts": pending.attempt, "reason": reason,
                  "body": envelope.body.decode()}  # fmt: skip
        key = f"{consumer.name}/{envelope.message}"
        self._cluster.commit_now(Write(consumer.fleet.owner, DEAD_LETTERS, key, json.dumps(letter).encode()))
        self._finish(consumer, pending)

    def _finish(self, consumer: Consumer, pending: Pending) -> None:
        pending.done = True
        pending.release()
        consumer.in_flight -= 1
        self.pump(consumer)

    # -- streams ----------------------------------------------------------------------------------------------------

    async def stream(self, address: str) -> AsyncIterator[Envelope]:
        """Iterate over events from now on."""
        queue: deque[Envelope] = deque()
        waiters: list[Any] = []
        entry = (address, queue, waiters)
        self._streams.append(entry)
        try:
            while True:
                while not queue:
                    await suspend(waiters.append)
                yield queue.popleft()
        finally:
            self._streams.remove(entry)

    def _note(self, envelope: Envelope, consumer: str, replica: int, attempt: int, outcome: str, reason: str) -> None:
        recorder = self._cluster.recorder
        if recorder is not None:
            recorder.write(Delivery(self._loop.now_ns, envelope.message, consumer, replica, attempt, outcome, reason))
