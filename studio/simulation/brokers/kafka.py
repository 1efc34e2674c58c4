"""The delivery model of Apache Kafka: a topic for each address, a consumer group for each subscription.

What it promises: an event whose publish was acknowledged is in the log, once however often the producer's client sent
it; a partition's events are handled in order, each at least once. What it does not: any order between partitions, that
what was handled since the last commit is not handled again when a replica dies, and that anything passes an event whose
handler fails: it is tried again in its place, for ever unless `max_deliver` is stated. Defaults are the broker's and
its Java client's; the page `docs/delivery/kafka.md` cites them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.ports import Envelope, Verdict
from studio.simulation.brokers.carrier import BACKOFF_NS, FORGOTTEN, Carrier, Handed
from studio.simulation.brokers.consumer import Consumer
from studio.simulation.brokers.group import PARTITIONS, SESSION_NS, Fetched, Group, Logged, Partition
from studio.simulation.randomness import stable_key
from studio.simulation.virtual.deadlines import Deadlines

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["Kafka"]

DELIVERY_TIMEOUT_NS = 120 * SECOND_NS
"""The producer's default `delivery.timeout.ms`: how long a publish is tried."""
REQUEST_TIMEOUT_NS = 30 * SECOND_NS
"""The clients' default `request.timeout.ms`: after it, what was not answered is asked again."""
COMMIT_NS = 5 * SECOND_NS
"""The consumer's default `auto.commit.interval.ms`."""
POLL_NS = 300 * SECOND_NS
"""The consumer's default `max.poll.interval.ms`: who works longer at one event loses its partition."""


class Kafka:
    """Topics of so many partitions, and a consumer group for each subscription.

    Args:
        cluster: The world's.
    """

    publish_wait_ns, resend_ns = DELIVERY_TIMEOUT_NS, REQUEST_TIMEOUT_NS

    def __init__(self, cluster: Cluster) -> None:
        self._loop = cluster.loop
        self._polls = Deadlines(cluster.loop, self._overdue)
        self.carrier = Carrier(cluster, self._settle, lose=self._lose, tells_each=False)
        self.groups: list[Group] = []

    def subscribe(self, consumer: Consumer) -> None:
        """Found a group for a consumer."""
        self.groups.append(Group(consumer, self._loop, self._assigned))

    # -- storing ----------------------------------------------------------------------------------------------------

    def store(self, envelope: Envelope, *, is_resent: bool) -> bool:
        """Append an event to its partition, unless the producer's sequence number tells that it is there already."""
        if is_resent:
            return False
        for group in self.groups:
            if group.consumer.wants(envelope.address):
                self._append(group, envelope)
        return True

    def _append(self, group: Group, envelope: Envelope) -> None:
        # By the key; the broker's clients hash it otherwise (murmur2), which only changes which keys share one.
        number = (stable_key(envelope.key) if envelope.key else envelope.causal) % PARTITIONS
        group.partition(envelope.address, number).log.append(Logged(envelope, self._loop.now_ns))
        self._read(group)

    def redeliver(self, consumer: Consumer, envelope: Envelope) -> None:
        """Append an event to its partition for one group, as one that reads a retry topic of its own has it."""
        for group in self.groups:
            if group.consumer is consumer:
                self._append(group, envelope)

    def forget_since(self, at_ns: int) -> int:
        """Cut the logs where an instant's first event stands; what was handled of them stays handled."""
        count = 0
        for group in self.groups:
            for partition in group.partitions.values():
                count += self._cut(group, partition, at_ns)
            self._read(group)
        return count

    def _cut(self, group: Group, partition: Partition, at_ns: int) -> int:
        log, count = partition.log, 0
        while log and log[-1].stored_ns >= at_ns:
            record = log.pop()
            if partition.current is not None and partition.current.record is record:
                partition.current.close()
            if len(log) >= partition.done:
                count += 1
                owner = group.consumer.fleet.owner
                self.carrier.note(record.envelope, owner, record.deliveries, "lost", FORGOTTEN)
        partition.done = min(partition.done, len(log))
        return count

    # -- members ----------------------------------------------------------------------------------------------------

    def started(self, node: Node) -> None:
        """Let a replica join the groups of its service."""
        for group in self._groups_of(node):
            group.join(node)
            self._read(group)

    def crashed(self, node: Node) -> None:
        """Let the groups of a service wait for the end of a dead member's session."""
        for group in self._groups_of(node):
            group.die(node)

    def left(self, node: Node) -> None:
        """Commit what a replica has handled, as a consumer does that closes, and share its partitions out at once."""
        for group in self._groups_of(node):
            for partition in group.partitions.values():
                if partition.node is node and partition.done:
                    self._committed(group, partition, partition.log[partition.done - 1])
            group.leave(node)

    def paused(self, node: Node) -> None:
        """Let the groups of a service lose a member whose heartbeats are missed until its session ends."""
        assert node.incarnation is not None
        self._loop.at(self._loop.now_ns + SESSION_NS, 0, self._miss, (node, node.incarnation.key))

    def woke(self, node: Node) -> None:
        """Let a replica join anew the groups that it was expelled from meanwhile."""
        for group in self._groups_of(node):
            if not group.has(node):
                group.join(node)

    def _miss(self, silent: tuple[Node, int]) -> None:
        node, key = silent
        for group in self._groups_of(node):
            if key in self._loop.paused and node.incarnation is not None and node.incarnation.key == key:
                group.leave(node)

    def _groups_of(self, node: Node) -> list[Group]:
        return [group for group in self.groups if group.consumer.fleet.owner == node.owner]

    def _assigned(self, group: Group) -> None:
        """Read on after a rebalance; who keeps on living commits what it handled before it joins."""
        for partition in group.partitions.values():
            if partition.done:
                self._committed(group, partition, partition.log[partition.done - 1])
        self._read(group)

    # -- delivering -------------------------------------------------------------------------------------------------

    def _read(self, group: Group) -> None:
        """Let every partition that has nothing under way go on, as far as the consumer's bound allows."""
        if group.is_rebalancing:
            return
        room = group.consumer.limit - group.in_flight
        for partition in group.partitions.values():
            if room <= 0:
                return
            if partition.current is None and partition.done < len(partition.log) and partition.node is not None:
                self._handle(group, partition, partition.node)
                room -= 1

    def _handle(self, group: Group, partition: Partition, node: Node) -> None:
        """Have a replica handle the next record, within the time after which it would lose the partition."""
        record, process = partition.log[partition.done], (node.number, node.life)
        fetched = partition.current = Fetched(group, partition, record)
        record.deliveries += 1
        record.tries = record.tries + 1 if record.process == process else 1
        record.process = process
        handed = self.carrier.hand(group.consumer, record.envelope, record.deliveries, fetched, node)
        arrival_ns = self.carrier.arrival_ns(handed)
        is_stated = "ack_wait" in group.consumer.stated
        self._polls.watch(fetched, group.consumer.ack_wait_ns if is_stated else POLL_NS)
        self.carrier.send(handed, arrival_ns)

    def _settle(self, handed: Handed, verdict: Verdict, replica: int) -> None:
        fetched: Fetched = handed.subject
        if fetched.done():
            return  # the partition is somebody else's by now, or a duplicate was first
        if verdict.outcome == "acknowledged":
            self._pass(fetched, handed)
            return
        fetched.rest()
        reason = verdict.reason or "refused"
        self.carrier.note(handed.envelope, handed.consumer.fleet.owner, handed.attempt, "refused", reason, replica)
        if verdict.outcome == "dead-lettered" or self._is_last(fetched):
            self._bury(fetched, reason)
            self._pass(fetched, handed)
        else:
            step = min(fetched.record.tries, len(BACKOFF_NS)) - 1
            self._try_later(fetched, verdict.delay_ns or BACKOFF_NS[step])

    def _try_later(self, fetched: Fetched, delay_ns: int) -> None:
        """Try a record again in its place, unless its replica has to give the partition back first."""
        fetched.rest()
        if fetched.group.is_rebalancing:
            fetched.close()
            fetched.group.go_on()
        else:
            self._loop.at(self._loop.now_ns + delay_ns, 0, self._again, fetched)

    def _again(self, fetched: Fetched) -> None:
        node = fetched.partition.node
        if not fetched.is_over and node is not None:
            fetched.close()
            self._handle(fetched.group, fetched.partition, node)

    def _lose(self, handed: Handed) -> None:
        """Have a record fetched again whose way to the client it did not survive."""
        fetched: Fetched = handed.subject
        if not fetched.done():
            self._try_later(fetched, REQUEST_TIMEOUT_NS)

    def _overdue(self, fetched: Fetched) -> None:
        """Take the partition from a consumer that works too long at a record: it has left its group."""
        group, partition = fetched.group, fetched.partition
        fetched.close()
        if self._is_last(fetched):
            self._bury(fetched, "not acknowledged")
            partition.done += 1
        partition.moved += 1
        group.rebalance()

    @staticmethod
    def _is_last(fetched: Fetched) -> bool:
        """Say whether a process gives a record up; it counts in its memory, since the broker does not."""
        consumer = fetched.group.consumer
        return "max_deliver" in consumer.stated and fetched.record.tries >= consumer.max_deliver

    def _bury(self, fetched: Fetched, reason: str) -> None:
        record = fetched.record
        record.is_buried = True
        self.carrier.bury(fetched.group.consumer, record.envelope, record.deliveries, reason)

    def _pass(self, fetched: Fetched, handed: Handed) -> None:
        """Go on to a partition's next record."""
        partition = fetched.partition
        fetched.close()
        partition.done += 1
        partition.last = handed
        if not partition.is_committing:
            partition.is_committing = True
            self._loop.at(self._loop.now_ns + COMMIT_NS, 0, self._commit, (fetched.group, partition))
        fetched.group.go_on()
        self._read(fetched.group)

    # -- committing -------------------------------------------------------------------------------------------------

    def _commit(self, of: tuple[Group, Partition]) -> None:
        """Tell the broker how far a partition was handled; where that is lost, the next commit tells it."""
        group, partition = of
        partition.is_committing = False
        if not partition.done or partition.node is None or partition.last is None:
            return
        what = (group, partition, partition.log[partition.done - 1], group.generation)
        if not self.carrier.tell(partition.last, partition.node.number, self._take_commit, what):
            partition.is_committing = True
            self._loop.at(self._loop.now_ns + COMMIT_NS, 0, self._commit, of)

    def _take_commit(self, what: tuple[Group, Partition, Logged, int]) -> None:
        group, partition, upto, generation = what
        if generation == group.generation:  # the broker refuses those of members that have lost their partitions
            self._committed(group, partition, upto)

    def _committed(self, group: Group, partition: Partition, upto: Logged) -> None:
        """Forget what was handled, up to and with a record."""
        if upto not in partition.log:
            return
        record = None
        while record is not upto:
            record = partition.log.popleft()
            partition.done = max(0, partition.done - 1)
            if not record.is_buried:
                owner, replica = group.consumer.fleet.owner, record.process[0]
                self.carrier.note(record.envelope, owner, record.deliveries, "acknowledged", "", replica)

    # -- looking ----------------------------------------------------------------------------------------------------

    def undelivered(self) -> list[tuple[Consumer, int]]:
        """Return how many events each group has not handled."""
        return [
            (group.consumer, sum(len(each.log) - each.done for each in group.partitions.values()))
            for group in self.groups
        ]
