"""One question and its answer across the simulated network, as the one who asks sees it: a wait on the short path.

Calls between services, requests to third parties and confirmations of the broker are all exchanges: no future, no task
of its own. What happens on the way is decided by who made the exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.simulation.virtual.task import Effect, HandlerTask

if TYPE_CHECKING:
    from studio.simulation.virtual.deadlines import DeadlineQueue

__all__ = ["Exchange"]


class Exchange(Effect):
    """A wait for an answer.

    Args:
        send: Called with this exchange once the asker is suspended; sends the question on its way.
        target: Address or third party.
        message: Id of the question; `causal` its causal key.
    """

    __slots__ = ("caller_key", "causal", "message", "queue", "send", "target")

    queue: DeadlineQueue | None

    def __init__(self, send: Callable[[Any], None], target: str, message: int, causal: int) -> None:
        self.send, self.target, self.message, self.causal = send, target, message, causal
        self.caller_key = 0
        self.queue = None

    def arm(self, task: HandlerTask) -> None:
        """Send the question."""
        self.caller_key = task.incarnation.key
        self.send(self)

    def disarm(self) -> None:
        """Let go of the deadline, since nobody waits any more."""
        if self.queue is not None:
            self.queue.release()

    def answer(self, value: Any) -> None:
        """Wake the asker with an answer."""
        self.advance(value)
        queue = self.queue
        if queue is not None:
            queue.release()

    def fail(self, error: BaseException) -> None:
        """Wake the asker with an error."""
        self.throw_in(error)
        if self.queue is not None:
            self.queue.release()
