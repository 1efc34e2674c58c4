"""Faults of clocks: a machine that is off, too fast or too slow, or set anew while it works.

A target is a service or saga (all its replicas), or one replica (`Payment/2`). Its time of day, its timers and the port
Clock are wrong; records keep the world's time, since else nobody could tell what came first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.duration import duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = [
    "PPM_MAX",
    "ClockDrift",
    "ClockFault",
    "ClockJump",
    "ClockOffset",
    "clock_drift",
    "clock_jump",
    "clock_offset",
]

PPM_MAX = 500_000
"""A clock that runs half as fast, or half as fast again, is broken enough."""


@dataclass(frozen=True, slots=True)
class ClockFault(Fault):
    """Any fault of a clock."""


@registered
@dataclass(frozen=True, slots=True)
class ClockOffset(ClockFault):
    """The time of day is ahead (or behind) within the window."""

    kind: ClassVar[str] = "clock-offset"
    tempo: ClassVar[str] = "window"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica")
    by_ns: int = 1_000_000_000
    back: bool = False


@registered
@dataclass(frozen=True, slots=True)
class ClockDrift(ClockFault):
    """The clock runs fast (or slow) within the window: the time of day, and all timers."""

    kind: ClassVar[str] = "clock-drift"
    tempo: ClassVar[str] = "window"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica")
    ppm: int = 1_000

    def complaint(self) -> str:
        """Refuse what is no clock any more."""
        return "" if 0 < abs(self.ppm) <= PPM_MAX else f"ppm={self.ppm} is 0, or beyond {PPM_MAX}"


@registered
@dataclass(frozen=True, slots=True)
class ClockJump(ClockFault):
    """The time of day is set anew at an instant, and stays so."""

    kind: ClassVar[str] = "clock-jump"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica")
    by_ns: int = 1_000_000_000
    back: bool = False


def clock_offset(target: Target, by: str = "1s", *, back: bool = False, **options: Any) -> Fault:
    """Let a clock be off: the time of day that code reads, and the engine's, by which deadlines are kept.

    Deadlines are instants, so a callee whose clock is ahead refuses calls that are in time by their caller's. The
    engine's time never goes back: where the time of day does, it goes on at half its rate until that has caught up.

    Args:
        target: Service, saga, a replica such as `Payment/2`, a zone, or a list of them.
        by: How far ahead.
        back: Behind instead.
        options: `at`, `until` (durations since the run began).
    """
    return add(ClockOffset(**aim(target), **when(options), by_ns=duration_ns(by), back=back))


def clock_drift(target: Target, *, ppm: int = 1_000, **options: Any) -> Fault:
    """Let a clock run fast or slow; its timers end early or late with it.

    Args:
        target: Service, saga, a replica such as `Payment/2`, a zone, or a list of them.
        ppm: Microseconds that it gains in each second; negative where it loses them.
        options: `at`, `until` (durations since the run began).
    """
    return add(ClockDrift(**aim(target), **when(options), ppm=ppm))


def clock_jump(target: Target, by: str = "1s", *, at: str = "0s", back: bool = False) -> Fault:
    """Set a clock anew at an instant, as a time service does after it was away; timers under way are not touched.

    Args:
        target: Service, saga, a replica such as `Payment/2`, a zone, or a list of them.
        by: How far ahead.
        at: Instant since the run began.
        back: Back instead.
    """
    return add(ClockJump(**aim(target), from_ns=duration_ns(at), by_ns=duration_ns(by), back=back))
