"""Keep deadlines of which nearly none is reached: one queue for each length of wait, one timer for each queue.

What waits longest under one length is at its head, so a timer for the head serves all. When everything in a queue is
done its timer is taken back: a world that has come to rest does not wait for deadlines that concern nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["DeadlineQueue", "Deadlines", "Waiting"]

_UNARMED, _CHECKING = -1, -2


class Waiting(Protocol):
    """Something with a deadline."""

    queue: DeadlineQueue | None

    def done(self) -> bool:
        """Say whether the deadline concerns nobody any more."""
        ...


class DeadlineQueue:
    """All that wait equally long, in the order in which they began.

    Attributes:
        wait_ns: How long.
    """

    __slots__ = ("_armed_ns", "_expire", "_items", "_loop", "wait_ns")

    def __init__(self, loop: VirtualLoop, wait_ns: int, expire: Callable[[Any], None]) -> None:
        self._loop, self.wait_ns, self._expire = loop, wait_ns, expire
        self._items: deque[tuple[int, Waiting]] = deque()
        self._armed_ns = _UNARMED

    def watch(self, item: Waiting) -> None:
        """Expire an item after the wait, unless it is done before."""
        deadline_ns = self._loop.now_ns + self.wait_ns
        self._items.append((deadline_ns, item))
        item.queue = self
        if self._armed_ns == _UNARMED:
            self._arm(deadline_ns)

    def release(self) -> None:
        """Forget what is done; whoever is done calls this."""
        items = self._items
        while items:
            if not items[0][1].done():
                return
            items.popleft()
        if self._armed_ns >= 0:
            self._loop.disarm(self._armed_ns, self)
            self._armed_ns = _UNARMED

    def _arm(self, deadline_ns: int) -> None:
        self._armed_ns = deadline_ns
        self._loop.at(deadline_ns, 0, _check, self)

    def check(self) -> None:
        """Expire what is due, and set the timer for what is next."""
        items, now_ns = self._items, self._loop.now_ns
        self._armed_ns = _CHECKING  # what is watched or released meanwhile leaves the timer to us
        while items and (items[0][0] <= now_ns or items[0][1].done()):
            _, item = items.popleft()
            if not item.done():
                self._expire(item)
        self._armed_ns = _UNARMED
        if items:
            self._arm(items[0][0])


def _check(queue: DeadlineQueue) -> None:
    queue.check()


class Deadlines:
    """The queues of one kind of deadline.

    Args:
        loop: Whose time it is.
        expire: Called with an item that is not done in time.
    """

    __slots__ = ("_expire", "_loop", "_queues")

    QUEUES_MAX = 64

    def __init__(self, loop: VirtualLoop, expire: Callable[[Any], None]) -> None:
        self._loop, self._expire = loop, expire
        self._queues: dict[int, DeadlineQueue] = {}

    def watch(self, item: Waiting, wait_ns: int) -> None:
        """Expire an item after a wait, unless it is done before; what is past expires in this instant."""
        queue = self._queues.get(wait_ns)
        if queue is None:
            wait_ns = max(wait_ns, 0)
            queue = DeadlineQueue(self._loop, wait_ns, self._expire)
            if len(self._queues) < self.QUEUES_MAX:  # what is left of a caller's own deadline can be any length
                self._queues[wait_ns] = queue
        queue.watch(item)
