"""One question and its answer across the simulated network: there, work, back, each with what the plan does to it.

Calls between services and requests to third parties are both exchanges. The caller waits on the short path: no future, no
task of its own. Deadlines are kept in one queue for each length, since nearly all are never reached.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.simulation.loop import VirtualLoop
from studio.simulation.task import Effect, HandlerTask

if TYPE_CHECKING:
    from studio.simulation.node import Node

__all__ = ["Deadlines", "Exchange"]

_QUEUES_MAX = 64


class Exchange(Effect):
    """A caller's wait for an answer.

    Args:
        send: Called with this exchange once the caller is suspended; sends the request on its way.
    """

    __slots__ = ("caller_key", "causal", "message", "node", "send", "target")

    def __init__(self, send: Callable[[Exchange], None], target: str, message: int, causal: int) -> None:
        self.send, self.target, self.message, self.causal = send, target, message, causal
        self.caller_key = 0
        self.node: Node | None = None

    def arm(self, task: HandlerTask) -> None:
        """Send the request."""
        self.caller_key = task.incarnation.key
        self.send(self)


class Deadlines:
    """Wake exchanges whose answer has not come: one queue for each length of wait, one timer for each queue.

    Args:
        loop: Whose time it is.
        expire: Called with an exchange that still waits.
    """

    __slots__ = ("_expire", "_loop", "_queues")

    def __init__(self, loop: VirtualLoop, expire: Callable[[Exchange], None]) -> None:
        self._loop, self._expire = loop, expire
        self._queues: dict[int, deque[tuple[int, Exchange]]] = {}

    def watch(self, exchange: Exchange, wait_ns: int) -> None:
        """Expire an exchange after a wait, unless it is answered before."""
        queue = self._queues.get(wait_ns)
        deadline_ns = self._loop.now_ns + wait_ns
        if queue is None:
            if len(self._queues) >= _QUEUES_MAX:  # what is left of a caller's own deadline can be any length
                self._loop.at(deadline_ns, 0, self._expire_late, exchange)
                return
            queue = self._queues[wait_ns] = deque()
        if not queue:
            self._loop.at(deadline_ns, 0, self._check, wait_ns)
        queue.append((deadline_ns, exchange))

    def _expire_late(self, exchange: Exchange) -> None:
        if exchange.task is not None:
            self._expire(exchange)

    def _check(self, wait_ns: int) -> None:
        queue, now_ns = self._queues[wait_ns], self._loop.now_ns
        while queue:
            deadline_ns, exchange = queue[0]
            if exchange.task is None:
                queue.popleft()
            elif deadline_ns <= now_ns:
                queue.popleft()
                self._expire(exchange)
            else:
                self._loop.at(deadline_ns, 0, self._check, wait_ns)
                return


