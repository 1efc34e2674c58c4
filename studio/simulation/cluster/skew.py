"""The clock of a machine that is wrong: its time of day, its timers, and the port Clock that stands on them."""

from __future__ import annotations

from itertools import pairwise

from studio.model.faults.clock_faults import PPM_MAX, ClockDrift, ClockFault, ClockJump, ClockOffset
from studio.ports import Recorder
from studio.records import Record, Span
from studio.runtime.forward import ForwardTime
from studio.simulation.virtual.awaiting import sleep_ns
from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Skew", "SkewedClock", "TrueTimes"]

_MILLION = 1_000_000


class Skew:
    """A machine's clock: wrong by what has befallen it so far.

    Args:
        loop: Whose time is right.
    """

    __slots__ = ("_begun", "_loop")

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._begun: list[tuple[int, ClockFault]] = []

    def begin(self, fault: ClockFault) -> None:
        """Let a fault be felt from now on, until its window ends."""
        self._begun.append((self._loop.now_ns, fault))

    def elapsed_ns(self) -> int:
        """Return what the machine counts since the run began; nobody sets it, but it can be fast or slow."""
        now_ns = elapsed_ns = self._loop.now_ns
        edges = {begun_ns for begun_ns, _ in self._begun} | {each.until_ns or 0 for _, each in self._begun}
        for start_ns, end_ns in pairwise([*sorted(edge for edge in edges if edge < now_ns), now_ns]):
            elapsed_ns += self._ppm(start_ns) * (end_ns - start_ns) // _MILLION
        return elapsed_ns

    def wall_ns(self) -> int:
        """Return the machine's time of day, counted from the true beginning of the run; it can go back."""
        wall_ns = self.elapsed_ns()
        for _, fault in self._begun:
            if isinstance(fault, (ClockOffset, ClockJump)) and fault.is_due(self._loop.now_ns):
                wall_ns += -fault.by_ns if fault.back else fault.by_ns
        return wall_ns

    def true_ns(self, delay_ns: int) -> int:
        """Return how long a delay really is that this machine measures, at its present rate."""
        rate = _MILLION + self._ppm(self._loop.now_ns)
        return -(-delay_ns * _MILLION // rate) if delay_ns > 0 else 0

    def _ppm(self, at_ns: int) -> int:
        """Return by how much the clock runs fast at an instant; several faults together do not turn it round."""
        begun = (fault for begun_ns, fault in self._begun if begun_ns <= at_ns and fault.is_due(at_ns))
        return max(sum(fault.ppm for fault in begun if isinstance(fault, ClockDrift)), -PPM_MAX)


class SkewedClock:
    """Implement `studio.ports.Clock` for an incarnation on a machine whose clock is wrong.

    Args:
        skew: The machine's.
    """

    __slots__ = ("_skew", "_time")

    def __init__(self, skew: Skew) -> None:
        self._skew = skew
        self._time = ForwardTime(skew.wall_ns, skew.elapsed_ns)

    def now_ns(self) -> int:
        """Return engine time as this machine has it; never less than before."""
        return self._time.now_ns()

    async def sleep_ns(self, delay_ns: int) -> None:
        """Return when the machine has counted that much."""
        await sleep_ns(self._skew.true_ns(delay_ns))


class TrueTimes:
    """Record at the world's time what a machine with a wrong clock does; spans have that time by themselves.

    Args:
        recorder: Where records go.
        loop: Whose time is right.
    """

    __slots__ = ("_loop", "_recorder")

    def __init__(self, recorder: Recorder, loop: VirtualLoop) -> None:
        self._recorder, self._loop = recorder, loop

    def write(self, record: Record) -> None:
        """Keep one record."""
        self._recorder.write(record if isinstance(record, Span) else record._replace(at_ns=self._loop.now_ns))
