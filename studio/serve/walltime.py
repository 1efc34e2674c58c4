"""Tell the machine's time as the port Clock promises it: nanoseconds since the epoch that never go back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from studio.model.duration import SECOND_NS

__all__ = ["WallClock"]


class WallClock:
    """Implement `studio.ports.Clock` on the machine's clocks.

    Where the wall clock is set back, time goes on at half its rate until the wall clock has caught up: deadlines still
    pass, and no instant comes twice. Where it is set forward, time jumps with it.

    Args:
        wall_ns: The machine's time of day, nanoseconds since the epoch.
        elapsed_ns: A clock that nobody sets.
    """

    __slots__ = ("_at_ns", "_elapsed_ns", "_now_ns", "_wall_ns")

    def __init__(
        self,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        elapsed_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns, self._elapsed_ns = wall_ns, elapsed_ns
        self._now_ns, self._at_ns = wall_ns(), elapsed_ns()

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch; never fewer than before."""
        at_ns, wall_ns = self._elapsed_ns(), self._wall_ns()
        passed_ns = at_ns - self._at_ns
        ahead_ns = max(0, self._now_ns + passed_ns - wall_ns)
        self._now_ns = max(wall_ns, self._now_ns + passed_ns - min(ahead_ns, passed_ns // 2))
        self._at_ns = at_ns
        return self._now_ns

    async def sleep_ns(self, delay_ns: int) -> None:
        """Return no earlier than `delay_ns` later; cancellable."""
        await asyncio.sleep(max(0, delay_ns) / SECOND_NS)
