"""A Kafka consumer group: which replica has which partition, and how that changes when one dies or comes back.

It is the classic protocol with an eager assignor, which clients have by default: while members join, all others stop; a
member that died is waited for until its session ends. A run begins with all groups formed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.ports import Envelope
from studio.simulation.brokers.consumer import Consumer

if TYPE_CHECKING:
    from studio.simulation.brokers.carrier import Handed
    from studio.simulation.cluster.node import Node
    from studio.simulation.virtual.deadlines import DeadlineQueue
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["PARTITIONS", "SESSION_NS", "Fetched", "Group", "Logged", "Partition"]

PARTITIONS = 12
"""Partitions of every topic; the broker's default is one."""
SESSION_NS = 45 * SECOND_NS
"""Kafka's default `session.timeout.ms`."""
HEARTBEAT_NS = 3 * SECOND_NS
"""Kafka's default `heartbeat.interval.ms`, by which members learn that a rebalance is on; also, as it happens, its
default `group.initial.rebalance.delay.ms`, for which an empty group waits."""


@dataclass(slots=True, eq=False)
class Logged:
    """An event in a partition's log.

    Attributes:
        stored_ns: When it was.
        deliveries: So far.
        tries: Those by `process`, which counts them in its memory.
        is_buried: Whether it is a dead letter.
    """

    envelope: Envelope
    stored_ns: int
    deliveries: int = 0
    tries: int = 0
    process: tuple[int, int] = (0, 0)
    is_buried: bool = False


@dataclass(slots=True, eq=False)
class Fetched:
    """One handling of a record; a record that is tried again is handled anew.

    Attributes:
        is_running: Whether its handler is waited for; else the record is to be tried again.
        is_over: Whether it is no longer what its partition is at.
    """

    group: Group
    partition: Partition
    record: Logged
    is_running: bool = True
    is_over: bool = False
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        """Say whether nobody waits for its handler any more."""
        return not self.is_running

    def close(self) -> None:
        """Take it from its replica; what its handler still does is not waited for."""
        self.is_over = True
        if self.partition.current is self:
            self.partition.current = None
        self.rest()

    def rest(self) -> None:
        """Note that its handler does not run."""
        self.is_running = False
        if self.queue is not None:
            self.queue.release()


@dataclass(slots=True, eq=False)
class Partition:
    """One partition of a topic, as one group reads it.

    Attributes:
        number: In its topic.
        node: Who reads it; None while nobody does.
        log: What is not committed.
        done: How many of these, from the first, were handled.
        current: What is being handled, or waits to be tried again.
        last: The latest delivery that was handled.
        moved: How often it was taken from a replica that was too slow.
        is_committing: Whether a commit is to come.
    """

    number: int
    node: Node | None = None
    log: deque[Logged] = field(default_factory=deque)
    done: int = 0
    current: Fetched | None = None
    last: Handed | None = None
    moved: int = 0
    is_committing: bool = False

    def leave(self) -> None:
        """Take it from its replica: whoever reads it next begins after the last commit."""
        if self.current is not None:
            self.current.close()
        self.node, self.done = None, 0


class Group:
    """The replicas that share a subscription's partitions.

    Args:
        consumer: The subscription.
        loop: Whose time it is.
        ready: Called when partitions have been assigned, before they are read.
    """

    def __init__(self, consumer: Consumer, loop: VirtualLoop, ready: Callable[[Group], None]) -> None:
        self.consumer, self._loop, self._ready = consumer, loop, ready
        self.partitions: dict[tuple[str, int], Partition] = {}
        self.members: list[Node] = []
        self.is_rebalancing = self._is_time = False
        self.generation = 0
        self._joining: list[Node] = []
        self._sessions: dict[int, int] = {}  # ends of the sessions of members that died, by their order
        self._deaths = self._round = 0
        self._is_time = False

    def partition(self, topic: str, number: int) -> Partition:
        """Return a partition, assigned as all others are."""
        at = (topic, number)
        if at not in self.partitions:
            self.partitions[at] = Partition(number)
            self._assign(self.partitions[at])
        return self.partitions[at]

    @property
    def in_flight(self) -> int:
        """Return how many records are being handled, or wait to be tried again."""
        return sum(each.current is not None for each in self.partitions.values())

    # -- members ----------------------------------------------------------------------------------------------------

    def join(self, node: Node) -> None:
        """Take a replica that has started: at once when the run begins, else by a rebalance."""
        if not self._loop.now_ns:
            self.members.append(node)
            for partition in self.partitions.values():
                self._assign(partition)
            return
        self._joining.append(node)
        self.rebalance()

    def die(self, node: Node) -> None:
        """Take notice that a member's process died; the broker will, when its session ends."""
        self._part_with(node)
        self._deaths += 1
        self._sessions[self._deaths] = end_ns = self._loop.now_ns + SESSION_NS
        self._loop.at(end_ns, 0, self._end_session, self._deaths)
        if self.is_rebalancing:
            self.rebalance()

    def leave(self, node: Node) -> None:
        """Let a member go that says so, or whose session has ended: nobody waits for it any more."""
        self._part_with(node)
        self.rebalance()

    def has(self, node: Node) -> bool:
        """Say whether a replica is a member, or about to be one."""
        return node in self.members or node in self._joining

    def _part_with(self, node: Node) -> None:
        for partition in self.partitions.values():
            if partition.node is node:
                partition.leave()
        if node in self._joining:
            self._joining.remove(node)
        if node in self.members:
            self.members.remove(node)

    def _end_session(self, number: int) -> None:
        del self._sessions[number]
        if not self.is_rebalancing and self.members:
            self.rebalance()

    # -- rebalancing ------------------------------------------------------------------------------------------------

    def rebalance(self) -> None:
        """Stop reading until every member has joined anew, and every session of a dead one has ended."""
        self.is_rebalancing, self._is_time = True, False
        self._round += 1
        for partition in self.partitions.values():
            if partition.current is not None and not partition.current.is_running:
                partition.current.close()  # it waits to be tried again: nothing holds its replica back from joining
        ready_ns = max([self._loop.now_ns + HEARTBEAT_NS, *self._sessions.values()])
        self._loop.at(ready_ns, 0, self._complete, self._round)

    def _complete(self, number: int) -> None:
        if number == self._round:
            self._is_time = True
            self.go_on()

    def go_on(self) -> None:
        """Assign the partitions once it is time and no handler runs any more."""
        if not self._is_time or any(each.current is not None for each in self.partitions.values()):
            return
        self.is_rebalancing = False
        self.generation += 1
        self.members = sorted((*self.members, *self._joining), key=lambda node: node.number)
        self._joining.clear()
        for partition in self.partitions.values():
            self._assign(partition)
        self._ready(self)

    def _assign(self, partition: Partition) -> None:
        """Give a partition to the member that its number falls to; ranges of equal length, in the members' order."""
        members = self.members
        if members:
            at = partition.number * len(members) // PARTITIONS + partition.moved
            partition.node = members[at % len(members)]
