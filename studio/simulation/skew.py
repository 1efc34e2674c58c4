"""The clock of a machine that is wrong: its time of day, its timers, and the port Clock that stands on them."""

from __future__ import annotations

from studio.model.faults.clock_faults import ClockDrift, ClockFault, ClockJump, ClockOffset
from studio.ports import Recorder
from studio.records import Record, Span
from studio.runtime.forward import ForwardTime
from studio.simulation.awaiting import sleep_ns
from studio.simulation.loop import VirtualLoop

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
        for begun_ns, fault in self._begun:
            if isinstance(fault, ClockDrift):
                end_ns = now_ns if fault.until_ns is None else min(now_ns, fault.until_ns)
                elapsed_ns += fault.ppm * (end_ns - begun_ns) // _MILLION
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
        now_ns = self._loop.now_ns
        drifts = (each for _, each in self._begun if isinstance(each, ClockDrift) and each.is_due(now_ns))
        rate = max(_MILLION + sum(each.ppm for each in drifts), 1)
        return -(-delay_ns * _MILLION // rate) if delay_ns > 0 else 0


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
