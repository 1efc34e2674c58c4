"""Open a circuit when a callee keeps failing, and probe it later: the states of Nygard's circuit breaker.

The state machine knows neither calls nor records: whoever calls asks to enter, and reports what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.model.duration import duration_ns
from studio.model.protection import Breaker
from studio.runtime.policies.sliding import Tally

__all__ = ["Circuit", "Result", "State", "Turn"]

State = Literal["closed", "open", "half-open"]
Result = Literal["answered", "failed", "neither"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of state, for the record.

    Attributes:
        change: opened, half-open or closed.
        reason: In words.
    """

    change: str
    reason: str


class Circuit:
    """One breaker's state: for one callee, or one operation, of one incarnation of a caller.

    A permit is the number of the period in which the call began. What a call of an earlier period reports does not
    count: it says how the callee was before the circuit opened.

    Args:
        breaker: Its bounds.
    """

    __slots__ = ("_answered", "_breaker", "_open_ns", "_period", "_probing", "_tally", "_until_ns", "reason", "state")

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._tally = Tally(duration_ns(breaker.window))
        self._open_ns = duration_ns(breaker.open_for)
        self._until_ns = self._period = self._probing = self._answered = 0
        self.state: State = "closed"
        self.reason = ""

    def left_ns(self, now_ns: int) -> int:
        """Return how long it stays open; 0 where it is not, or probes are under way."""
        return max(0, self._until_ns - now_ns) if self.state == "open" else 0

    def enter(self, now_ns: int) -> tuple[int | None, Turn | None]:
        """Ask to call.

        Returns:
            A permit to `leave` with, None where the call is refused; and the change of state that this made.
        """
        turn = None
        if self.state == "open":
            if now_ns < self._until_ns:
                return None, None
            turn = self._become("half-open", "probing")
        if self.state == "half-open":
            if self._probing + self._answered >= self._breaker.probes:
                return None, turn
            self._probing += 1
        return self._period, turn

    def leave(self, permit: int, now_ns: int, result: Result) -> Turn | None:
        """Report what came of a call that was let in; return the change of state that this made.

        Args:
            permit: From `enter`.
            now_ns: Now.
            result: `neither` where it says nothing about the callee: the call was cancelled, or never sent.
        """
        if permit != self._period:
            return None
        if self.state == "half-open":
            return self._probed(now_ns, result)
        if result == "neither":
            return None
        self._tally.add(now_ns, total=1, marked=result == "failed")
        reason = self._why_to_open() if result == "failed" else ""
        return self._open(now_ns, reason) if reason else None

    def _probed(self, now_ns: int, result: Result) -> Turn | None:
        self._probing -= 1
        if result == "failed":
            return self._open(now_ns, "a failed probe")
        self._answered += result == "answered"
        if self._answered < self._breaker.probes:
            return None
        self.reason = ""
        return self._become("closed", f"{self._answered} of {self._breaker.probes} probes answered")

    def _why_to_open(self) -> str:
        """Return why the failures that are counted are too many; empty where they are not."""
        failed, total, breaker = self._tally.marked, self._tally.total, self._breaker
        enough = breaker.failures is not None and failed >= breaker.failures
        rate = breaker.failure_rate
        too_often = rate is not None and total >= breaker.minimum and failed >= rate * total
        return f"{failed} of {total} calls failed within {breaker.window}" if enough or too_often else ""

    def _open(self, now_ns: int, reason: str) -> Turn:
        self._until_ns = now_ns + self._open_ns
        self.reason = reason
        self._become("open", reason)
        return Turn("opened", reason)

    def _become(self, state: State, reason: str) -> Turn:
        self.state = state
        self._period += 1
        self._probing = self._answered = 0
        self._tally.clear()
        return Turn(state, reason)
