"""The delivery model of RabbitMQ: a quorum queue for each subscription, the replicas as competing consumers.

What it promises: an event whose publish was confirmed is stored, and given to one consumer after another until one
acknowledges it. What it does not: that a publish which is tried again is stored once, any order among competing
consumers or after a return to the queue, and any wait before what was refused comes again. Defaults are the broker's;
the page `docs/delivery/rabbitmq.md` cites them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.ports import Envelope, Verdict
from studio.simulation.brokers.carrier import FORGOTTEN, Carrier, Handed
from studio.simulation.brokers.consumer import Consumer
from studio.simulation.virtual.deadlines import DeadlineQueue, Deadlines

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["RabbitMQ"]

PUBLISH_WAIT_NS = 5 * SECOND_NS
"""How long a publisher waits for the confirmation; the broker leaves that to the client."""
DELIVERY_LIMIT = 20
"""Failed deliveries after which a quorum queue gives up, since RabbitMQ 4.0."""
CONSUMER_TIMEOUT_NS = 1800 * SECOND_NS
"""RabbitMQ's default `consumer_timeout`."""
TIMEOUT_CHECK_NS = 60 * SECOND_NS
"""How often the broker looks for deliveries that are not acknowledged in time."""
HEARTBEAT_NS = 60 * SECOND_NS
"""How long a connection can be broken before its heartbeats tell, as RabbitMQ suggests it to clients."""


@dataclass(slots=True, eq=False)
class Message:
    """An event in a queue.

    Attributes:
        stored_ns: When it was.
        deliveries: So far.
        failures: Those of them that count towards the delivery limit.
    """

    envelope: Envelope
    stored_ns: int
    deliveries: int = 0
    failures: int = 0
    reason: str = ""


@dataclass(slots=True, eq=False)
class Unacknowledged:
    """A delivery that its consumer has neither acknowledged nor refused."""

    line: Queue
    message: Message
    node: Node
    life: int
    is_over: bool = False
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        """Say whether it was settled, or returned to the queue."""
        return self.is_over

    def is_at(self, node: Node, life: int) -> bool:
        """Say whether it is on the connection of that process."""
        return self.node is node and self.life == life


@dataclass(slots=True, eq=False)
class Queue:
    """One subscription's queue.

    Attributes:
        ready: Stored and not delivered, in the order of storing.
        returned: Delivered and returned, in the order in which they were; they go first.
        out: Deliveries under way, in the order in which they left.
    """

    consumer: Consumer
    ready: deque[Message] = field(default_factory=deque)
    returned: deque[Message] = field(default_factory=deque)
    out: dict[Unacknowledged, None] = field(default_factory=dict)
    _turn: int = 0

    @property
    def timeout_ns(self) -> int:
        """Return how long a delivery may go without an acknowledgement."""
        return self.consumer.ack_wait_ns if "ack_wait" in self.consumer.stated else CONSUMER_TIMEOUT_NS

    @property
    def limit(self) -> int:
        """Return after how many failed deliveries one more is the last."""
        return self.consumer.max_deliver - 1 if "max_deliver" in self.consumer.stated else DELIVERY_LIMIT

    def pick(self) -> Node | None:
        """Return the next replica in turn that has room for a delivery; None when there is none.

        The prefetch of a replica is its part of the subscription's bound. Where that is less than one for each, so
        many replicas consume and the others stand by, as with a single active consumer.
        """
        nodes, bound = self.consumer.fleet.nodes, self.consumer.limit
        active = [node for node in nodes if node.incarnation is not None][:bound]
        prefetch = max(1, bound // len(nodes))
        for step in range(1, len(active) + 1):
            at = (self._turn + step) % len(active)
            if sum(each.is_at(active[at], active[at].life) for each in self.out) < prefetch:
                self._turn = at
                return active[at]
        return None


class RabbitMQ:
    """A topic exchange, and a quorum queue bound to it for each subscription.

    Args:
        cluster: The world's.
    """

    publish_wait_ns, resend_ns = PUBLISH_WAIT_NS, 0

    def __init__(self, cluster: Cluster) -> None:
        self._loop = cluster.loop
        self._timeouts = Deadlines(cluster.loop, self._overdue)
        self.carrier = Carrier(cluster, self._settle, lose=self._lose)
        self.queues: list[Queue] = []

    def subscribe(self, consumer: Consumer) -> None:
        """Declare a queue for a consumer."""
        self.queues.append(Queue(consumer))

    # -- storing ----------------------------------------------------------------------------------------------------

    def store(self, envelope: Envelope, *, is_resent: bool) -> bool:
        """Store an event in every queue that wants it; one that comes again is one more message."""
        for queue in self.queues:
            if queue.consumer.wants(envelope.address):
                queue.ready.append(Message(envelope, self._loop.now_ns))
                self._pump(queue)
        return True

    def redeliver(self, consumer: Consumer, envelope: Envelope) -> None:
        """Put an event into one queue, as a shovel does with one that was dead-lettered."""
        for queue in self.queues:
            if queue.consumer is consumer:
                queue.ready.append(Message(envelope, self._loop.now_ns))
                self._pump(queue)

    def forget_since(self, at_ns: int) -> int:
        """Lose what was stored from an instant on."""
        return sum(self._lose_since(queue, at_ns) for queue in self.queues)

    def _lose_since(self, queue: Queue, at_ns: int) -> int:
        out = [each for each in queue.out if each.message.stored_ns >= at_ns]
        lost = [each.message for each in out]
        for line in (queue.returned, queue.ready):
            lost += [each for each in line if each.stored_ns >= at_ns]
            kept = [each for each in line if each.stored_ns < at_ns]
            line.clear()
            line.extend(kept)
        for message in lost:
            owner = queue.consumer.fleet.owner
            self.carrier.note(message.envelope, owner, message.deliveries, "lost", FORGOTTEN)
        for each in out:
            self._close(each)
        self._pump(queue)
        return len(lost)

    # -- delivering -------------------------------------------------------------------------------------------------

    def started(self, node: Node) -> None:
        """Deliver what waited for a consumer."""
        for queue in self.queues:
            if queue.consumer.fleet.owner == node.owner:
                self._pump(queue)

    def crashed(self, node: Node) -> None:
        """Return what a replica had: its connection ended with its process, and the broker knows at once."""
        self._disconnect((node, node.life))

    def paused(self, node: Node) -> None:
        """Return what a replica has when its heartbeats are missed."""
        assert node.incarnation is not None
        self._loop.at(self._loop.now_ns + HEARTBEAT_NS, 0, self._miss, (node, node.life, node.incarnation.key))

    def woke(self, node: Node) -> None:
        """Notice nothing: a client whose connection was closed opens another one at once."""

    def _miss(self, silent: tuple[Node, int, int]) -> None:
        node, life, key = silent
        if key in self._loop.paused:
            self._disconnect((node, life))

    def _disconnect(self, process: tuple[Node, int]) -> None:
        """Return what a process has that is not connected any more; that counts as failed."""
        for queue in self.queues:
            self._return([each for each in queue.out if each.is_at(*process)], queue, counts=True)

    def left(self, node: Node) -> None:
        """Return what a replica had not acknowledged when it closed its channel."""
        self.crashed(node)

    def _pump(self, queue: Queue) -> None:
        """Deliver what waits, as far as a consumer has room."""
        while (queue.returned or queue.ready) and (node := queue.pick()) is not None:
            message = (queue.returned or queue.ready).popleft()
            self._deliver(queue, message, node)

    def _deliver(self, queue: Queue, message: Message, node: Node) -> None:
        message.deliveries += 1
        unacknowledged = Unacknowledged(queue, message, node, node.life)
        queue.out[unacknowledged] = None
        handed = self.carrier.hand(queue.consumer, message.envelope, message.deliveries, unacknowledged, node)
        arrival_ns = self.carrier.arrival_ns(handed)
        self._timeouts.watch(unacknowledged, queue.timeout_ns)
        self.carrier.send(handed, arrival_ns)

    def _settle(self, handed: Handed, verdict: Verdict, replica: int) -> None:
        unacknowledged: Unacknowledged = handed.subject
        if unacknowledged.is_over:
            return  # returned to the queue meanwhile: the broker does not know this delivery any more
        message, queue = unacknowledged.message, unacknowledged.line
        owner = handed.consumer.fleet.owner
        self.carrier.note(message.envelope, owner, handed.attempt, verdict.outcome, verdict.reason, replica)
        if verdict.outcome == "acknowledged":
            self._close(unacknowledged)
            self._pump(queue)
            return
        message.reason = verdict.reason or "refused"
        if verdict.outcome == "dead-lettered":
            self._close(unacknowledged)
            self._bury(queue, message)
            self._pump(queue)
        elif verdict.delay_ns:  # the consumer keeps it that long, and its place with it
            self._loop.at(self._loop.now_ns + verdict.delay_ns, 0, self._give_back, unacknowledged)
        else:
            self._give_back(unacknowledged)

    def _give_back(self, unacknowledged: Unacknowledged) -> None:
        """Return a delivery that its consumer rejected."""
        if not unacknowledged.is_over:
            self._return([unacknowledged], unacknowledged.line, counts=True)

    def _lose(self, handed: Handed) -> None:
        """Have a delivery returned whose connection broke; the broker learns of it by the missing heartbeats."""
        self._loop.at(self._loop.now_ns + HEARTBEAT_NS, 0, self._give_back, handed.subject)

    def _overdue(self, unacknowledged: Unacknowledged) -> None:
        """Wait for the broker's next look at what is overdue."""
        marks = -(-self._loop.now_ns // TIMEOUT_CHECK_NS)
        self._loop.at(marks * TIMEOUT_CHECK_NS, 0, self._time_out, unacknowledged)

    def _time_out(self, unacknowledged: Unacknowledged) -> None:
        """Close the channel of a consumer that takes too long: all that it holds is returned; that is no failure."""
        if not unacknowledged.is_over:
            queue, process = unacknowledged.line, (unacknowledged.node, unacknowledged.life)
            self._return([each for each in queue.out if each.is_at(*process)], queue, counts=False)

    def _return(self, all_of: list[Unacknowledged], queue: Queue, *, counts: bool) -> None:
        """Return deliveries to their queue, in the order in which they left it.

        Args:
            all_of: The deliveries.
            queue: Theirs.
            counts: Whether each counts towards the delivery limit.
        """
        for each in all_of:
            self._close(each)
            each.message.failures += counts
            if each.message.failures > queue.limit:
                self._bury(queue, each.message)
            else:
                queue.returned.append(each.message)
        self._pump(queue)

    def _close(self, unacknowledged: Unacknowledged) -> None:
        unacknowledged.is_over = True
        del unacknowledged.line.out[unacknowledged]
        if unacknowledged.queue is not None:
            unacknowledged.queue.release()

    def _bury(self, queue: Queue, message: Message) -> None:
        self.carrier.bury(queue.consumer, message.envelope, message.deliveries, message.reason or "not acknowledged")

    # -- looking ----------------------------------------------------------------------------------------------------

    def undelivered(self) -> list[tuple[Consumer, int]]:
        """Return how many events each queue holds."""
        return [(each.consumer, len(each.ready) + len(each.returned) + len(each.out)) for each in self.queues]
