"""Stand in for `time`: the world's clock where a world is running, the machine's elsewhere.

In a world the local time zone is UTC, and the processor clocks (`process_time`, `thread_time`) stand still, since work
takes virtual time only where it waits.
"""

from __future__ import annotations

import calendar
import time as machine
from typing import Any

from studio.source.ambient import AMBIENT
from studio.source.shims.mirror import mirror

__all__ = ["MODULE"]

_SECOND_NS = 1_000_000_000


def _clocks(*names: str) -> frozenset[int]:
    """Return the numbers of those named clocks that this platform has."""
    return frozenset(getattr(machine, name) for name in names if hasattr(machine, name))


_WALL = _clocks("CLOCK_REALTIME", "CLOCK_REALTIME_COARSE", "CLOCK_TAI")
_PROCESSOR = _clocks("CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID", "CLOCK_PROF")
_ZONE: dict[str, Any] = {"timezone": 0, "altzone": 0, "daylight": 0, "tzname": ("UTC", "UTC")}


def time() -> float:
    """Return wall time in seconds since 1970."""
    ambient = AMBIENT.get()
    return machine.time() if ambient is None else ambient.now_ns() / _SECOND_NS


def time_ns() -> int:
    """Return wall time in nanoseconds since 1970."""
    ambient = AMBIENT.get()
    return machine.time_ns() if ambient is None else ambient.now_ns()


def monotonic() -> float:
    """Return seconds on a clock that never goes back."""
    ambient = AMBIENT.get()
    return machine.monotonic() if ambient is None else ambient.monotonic_ns() / _SECOND_NS


def monotonic_ns() -> int:
    """Return nanoseconds on a clock that never goes back."""
    ambient = AMBIENT.get()
    return machine.monotonic_ns() if ambient is None else ambient.monotonic_ns()


def perf_counter() -> float:
    """Return seconds on the finest clock; in a world it is the monotonic one."""
    ambient = AMBIENT.get()
    return machine.perf_counter() if ambient is None else ambient.monotonic_ns() / _SECOND_NS


def perf_counter_ns() -> int:
    """Return nanoseconds on the finest clock; in a world it is the monotonic one."""
    ambient = AMBIENT.get()
    return machine.perf_counter_ns() if ambient is None else ambient.monotonic_ns()


def process_time() -> float:
    """Return processor seconds of this process; 0 in a world."""
    return machine.process_time() if AMBIENT.get() is None else 0.0


def process_time_ns() -> int:
    """Return processor nanoseconds of this process; 0 in a world."""
    return machine.process_time_ns() if AMBIENT.get() is None else 0


def thread_time() -> float:
    """Return processor seconds of this thread; 0 in a world."""
    return machine.thread_time() if AMBIENT.get() is None else 0.0


def thread_time_ns() -> int:
    """Return processor nanoseconds of this thread; 0 in a world."""
    return machine.thread_time_ns() if AMBIENT.get() is None else 0


def clock_gettime_ns(clk_id: int, /) -> int:
    """Return nanoseconds of the named clock."""
    ambient = AMBIENT.get()
    if ambient is None:
        return machine.clock_gettime_ns(clk_id)
    if clk_id in _PROCESSOR:
        return 0
    return ambient.now_ns() if clk_id in _WALL else ambient.monotonic_ns()


def clock_gettime(clk_id: int, /) -> float:
    """Return seconds of the named clock."""
    return machine.clock_gettime(clk_id) if AMBIENT.get() is None else clock_gettime_ns(clk_id) / _SECOND_NS


def gmtime(seconds: float | None = None, /) -> machine.struct_time:
    """Return a moment, now by default, as a tuple in UTC."""
    return machine.gmtime(time() if seconds is None else seconds)


def localtime(seconds: float | None = None, /) -> machine.struct_time:
    """Return a moment, now by default, as a tuple in the local zone, which is UTC in a world."""
    if AMBIENT.get() is None:
        return machine.localtime(seconds)
    # `gmtime` calls its zone GMT or UTC, as the platform pleases.
    return machine.struct_time(tuple(gmtime(seconds)), {"tm_zone": "UTC", "tm_gmtoff": 0})


def mktime(moment: Any, /) -> float:
    """Return the seconds since 1970 of a local time."""
    return machine.mktime(moment) if AMBIENT.get() is None else float(calendar.timegm(moment))


def asctime(moment: Any = None, /) -> str:
    """Return a local time, now by default, as text such as `Sat Jun 06 16:26:11 1998`."""
    return machine.asctime(localtime() if moment is None else moment)


def ctime(seconds: float | None = None, /) -> str:
    """Return a moment, now by default, as text in the local zone."""
    return machine.asctime(localtime(seconds))


def strftime(pattern: str, moment: Any = None, /) -> str:
    """Return a local time, now by default, as text in the given format, such as `%Y-%m-%d`."""
    return machine.strftime(pattern, localtime() if moment is None else moment)


def sleep(seconds: float, /) -> None:
    """Suspend the caller; in a world, in virtual time, and only in code that is not async."""
    ambient = AMBIENT.get()
    if ambient is None:
        machine.sleep(seconds)
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")
    else:
        ambient.sleep_sync(seconds)


def _zone(name: str) -> Any:
    if name in _ZONE and AMBIENT.get() is not None:
        return _ZONE[name]
    return getattr(machine, name)


_REPLACED = (
    *(time, time_ns, monotonic, monotonic_ns, perf_counter, perf_counter_ns, process_time, process_time_ns),
    *(thread_time, thread_time_ns, clock_gettime, clock_gettime_ns, gmtime, localtime, mktime, asctime, ctime),
    *(strftime, sleep),
)

MODULE = mirror(machine, {each.__name__: each for each in _REPLACED} | {"__getattr__": _zone}, live=_ZONE)
"""What a studio module gets for `import time`."""
