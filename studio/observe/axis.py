"""Say times as people read them, everywhere in one way: durations, instants, an axis with round ticks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Axis", "duration", "instant"]

_MINUTE = 60_000_000_000
_UNITS = (
    (1440 * _MINUTE, "d"),
    (60 * _MINUTE, "h"),
    (_MINUTE, "min"),
    (1_000_000_000, "s"),
    (1_000_000, "ms"),
    (1_000, "µs"),
    (1, "ns"),
)


def duration(time_ns: int) -> str:
    """Return a duration in its largest unit, from a minute on in its two largest: `40 ms`, `1.25 s`, `2 h 05 min`."""
    if time_ns < 0:
        return "−" + duration(-time_ns)
    if time_ns >= _MINUTE - 50_000_000:  # 59.95 s would be 60
        return _in_two_units(time_ns)
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if 2000 * time_ns >= 1999 * scale), _UNITS[3])
    value = time_ns / scale
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def instant(time_ns: int, *, is_fine: bool = False) -> str:
    """Return an instant so that neighbours can be told apart: `12.30 s`, `1 min 57.2 s`, `2 h 05 min 07 s`.

    Args:
        time_ns: Since the run began.
        is_fine: Tell it to the millisecond, as the inside of a trace needs it: `1 min 57.183 s`.
    """
    if abs(time_ns) < 1_000_000_000:
        return duration(time_ns)
    if time_ns < 0:
        return "−" + instant(-time_ns, is_fine=is_fine)
    digits = 3 if is_fine else 2 if time_ns < _MINUTE - 5_000_000 else 1 if time_ns < 60 * _MINUTE - 50_000_000 else 0
    minutes, parts = divmod(round(time_ns * 10**digits / 1e9), 60 * 10**digits)
    if not minutes:
        return f"{parts / 10**digits:.{digits}f} s"
    rest = f"{parts / 10**digits:0{digits + 3 if digits else 2}.{digits}f} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min {rest}"
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours} h {minutes:02} min {rest}"


def _in_two_units(time_ns: int) -> str:
    """Return a duration of a minute or more; what would be 60 of one unit is 1 of the next."""
    seconds = round(time_ns / 1e9)
    if seconds < 3600:
        return _pair(seconds, 60, "min", "s")
    minutes = round(seconds / 60)
    return _pair(minutes, 60, "h", "min") if minutes < 1440 else _pair(round(minutes / 60), 24, "d", "h")


def _pair(count: int, size: int, unit: str, small: str) -> str:
    whole, rest = divmod(count, size)
    return f"{whole} {unit} {rest:0{2 if size == 60 else 1}} {small}" if rest else f"{whole} {unit}"


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretch of time that a picture shows.

    Attributes:
        start_ns: Its left end.
        end_ns: Its right end, later than the left one.
    """

    start_ns: int
    end_ns: int

    def share(self, at_ns: int) -> float:
        """Return where a time lies: 0 at the left end, 1 at the right one."""
        return min(1.0, max(0.0, (at_ns - self.start_ns) / (self.end_ns - self.start_ns)))

    def ticks(self, at_most: int) -> list[tuple[int, str]]:
        """Return round times after the left end, each with its label, all of them in one unit.

        Args:
            at_most: How many there is room for.
        """
        whole = self.end_ns - self.start_ns
        step = _round_step(whole, at_most)
        scale, unit = next((scale, unit) for scale, unit in _UNITS if whole >= scale and _is_round(step, scale))
        return [(self.start_ns + at, f"{at / scale:g} {unit}") for at in range(0, whole + 1, step)]


def _round_step(whole: int, at_most: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, … (30, 60, … for minutes) that makes few enough ticks."""
    if whole >= 2 * _MINUTE:
        steps = [_MINUTE * factor // 2 for factor in (1, 2, 4, 10, 20, 30, 60, 120, 240, 720, 1440)]
        steps += [1440 * _MINUTE * factor * 10**power for power in range(4) for factor in (1, 2, 5)]
    else:
        steps = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]
    fitting = next((step for step in steps if whole // step < at_most), None)
    return whole // at_most + 1 if fitting is None else fitting


def _is_round(step: int, scale: int) -> bool:
    """Say whether steps read well in a unit: minutes and longer ones by halves, the others by tenths as they come."""
    return scale < _MINUTE or 2 * step % scale == 0
