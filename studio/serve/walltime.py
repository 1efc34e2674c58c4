"""Tell the machine's time as the port Clock promises it: nanoseconds since the epoch that never go back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from studio.model.duration import SECOND_NS
from studio.runtime.forward import ForwardTime

__all__ = ["WallClock"]


class WallClock:
    """Implement `studio.ports.Clock` on the machine's clocks; see `ForwardTime` for a machine whose clock is set.

    Args:
        wall_ns: The machine's time of day, nanoseconds since the epoch.
        elapsed_ns: A clock that nobody sets.
    """

    __slots__ = ("_time",)

    def __init__(
        self,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        elapsed_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._time = ForwardTime(wall_ns, elapsed_ns)

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch; never fewer than before."""
        return self._time.now_ns()

    async def sleep_ns(self, delay_ns: int) -> None:
        """Return no earlier than `delay_ns` later; cancellable."""
        await asyncio.sleep(max(0, delay_ns) / SECOND_NS)
