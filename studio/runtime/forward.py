"""Make of a time of day, which can be set back, the engine's time, which never goes back."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ForwardTime"]


class ForwardTime:
    """Follow a time of day, but never back.

    Where the time of day is set back, this goes on at half its rate until the other has caught up: deadlines still
    pass, and no instant comes twice. Where it is set forward, this jumps with it.

    Args:
        wall_ns: The time of day.
        elapsed_ns: A clock that nobody sets.
    """

    __slots__ = ("_at_ns", "_elapsed_ns", "_now_ns", "_wall_ns")

    def __init__(self, wall_ns: Callable[[], int], elapsed_ns: Callable[[], int]) -> None:
        self._wall_ns, self._elapsed_ns = wall_ns, elapsed_ns
        self._now_ns, self._at_ns = wall_ns(), elapsed_ns()

    def now_ns(self) -> int:
        """Return the time of day in nanoseconds; never less than before."""
        at_ns, wall_ns = self._elapsed_ns(), self._wall_ns()
        passed_ns = at_ns - self._at_ns
        ahead_ns = max(0, self._now_ns + passed_ns - wall_ns)
        self._now_ns = max(wall_ns, self._now_ns + passed_ns - min(ahead_ns, passed_ns // 2))
        self._at_ns = at_ns
        return self._now_ns
