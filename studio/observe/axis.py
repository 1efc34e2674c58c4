"""Say times as people read them: durations with three digits, instants to the hundredth, an axis with round ticks."""

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
    """Return a duration in its largest unit, such as `1.25 s` or `40 ms`."""
    if time_ns < 0:
        return "−" + duration(-time_ns)
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if time_ns >= scale), (1_000_000, "ms"))
    value = time_ns / scale
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def instant(time_ns: int) -> str:
    """Return an instant so that neighbours can be told apart: `12.30 s`, `1 min 57.2 s`, `2 h 05 min 07 s`."""
    if abs(time_ns) < 1_000_000_000:
        return duration(time_ns)
    if time_ns < 0:
        return "−" + instant(-time_ns)
    if time_ns < _MINUTE - 5_000_000:
        return f"{time_ns / 1e9:.2f} s"
    tenths = round(time_ns / 1e8)
    minutes, hours = tenths // 600, tenths // 36_000
    if not hours:
        return f"{minutes} min {tenths % 600 / 10:04.1f} s"
    return f"{hours} h {minutes % 60:02} min {tenths // 10 % 60:02} s"


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
    else:
        steps = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]
    fitting = next((step for step in steps if whole // step < at_most), None)
    return whole // at_most + 1 if fitting is None else fitting


def _is_round(step: int, scale: int) -> bool:
    """Say whether steps read well in a unit: minutes and longer ones by halves, the others by tenths as they come."""
    return scale < _MINUTE or 2 * step % scale == 0
