"""Divide a stretch of virtual time into buckets of a round width, few enough to be drawn one beside the other.

Buckets stand at multiples of their width, whatever the window: so a curve that grows does not flicker, and one that is
moved shows the same points again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BUCKETS_MAX", "Buckets", "curves"]

BUCKETS_MAX = 240
_LEAST_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Buckets:
    """A window of virtual time in buckets.

    Attributes:
        from_ns: Where the window begins.
        until_ns: Where it ends; what happens then is outside.
        width_ns: Of each bucket; the first and the last may reach over the window.
    """

    from_ns: int
    until_ns: int
    width_ns: int

    @classmethod
    def of(cls, from_ns: int, until_ns: int, *, most: int = BUCKETS_MAX) -> Buckets:
        """Return the buckets of a window: of the least width of 1, 2 or 5 times a power of ten that is few enough.

        Args:
            from_ns: Where the window begins.
            until_ns: Where it ends; a window is at least one nanosecond long.
            most: Buckets; at least 2.
        """
        until_ns = max(until_ns, from_ns + 1)
        width_ns, steps = _LEAST_NS, (2, 5, 10)
        while _count(from_ns, until_ns, width_ns) > most:
            width_ns = next(found for step in steps if (found := _round(width_ns) * step) > width_ns)
        return cls(from_ns, until_ns, width_ns)

    @property
    def starts(self) -> list[int]:
        """Where each bucket begins; the first at the window's begin or before."""
        first = self.from_ns // self.width_ns * self.width_ns
        return list(range(first, self.until_ns, self.width_ns))

    def covered_s(self, start_ns: int) -> float:
        """Return how much of a bucket lies in the window, in seconds: what a rate is to be divided by."""
        begin, end = max(start_ns, self.from_ns), min(start_ns + self.width_ns, self.until_ns)
        return max(end - begin, 1) / 1e9

    def per_second(self, counts: Sequence[float | None]) -> list[float | None]:
        """Return counts as rates per second of virtual time; nothing where most of a bucket lies outside the window.

        Args:
            counts: One for each bucket.
        """
        lengths = [self.covered_s(start) for start in self.starts]
        least_s = self.width_ns / 2e9 if len(lengths) > 2 else 0.0
        return [
            (count or 0.0) / length if length >= least_s else None
            for count, length in zip(counts, lengths, strict=True)
        ]


def _count(from_ns: int, until_ns: int, width_ns: int) -> int:
    return (until_ns - 1) // width_ns - from_ns // width_ns + 1


def _round(width_ns: int) -> int:
    """Return the power of ten at or below a width."""
    power: int = 10 ** (len(str(width_ns)) - 1)
    return power


def curves(
    frame: pl.DataFrame, buckets: Buckets, *, missing: float | None = 0.0, carried: bool = False
) -> dict[str, list[float | None]]:
    """Return a value for each bucket of each series, in the order of the buckets.

    Args:
        frame: Columns `at_ns` (a bucket's begin), `series`, `value`; at most one row for each bucket and series. A row
            before the first bucket says what was true until then.
        buckets: Those of the window.
        missing: What stands where there is no row; None leaves a gap.
        carried: Whether a value holds until the next one, instead.
    """
    starts = buckets.starts
    places = {start: place for place, start in enumerate(starts)}
    found: dict[str, list[float | None]] = {}
    seen: dict[str, dict[int, float]] = {}
    for at_ns, series, value in frame.select("at_ns", "series", "value").sort("at_ns").iter_rows():
        values = seen.setdefault(series, {})
        if at_ns in places:
            values[places[at_ns]] = value
        elif at_ns < starts[0]:
            values[-1] = value
    for series, values in seen.items():
        found[series] = _carried(values, len(starts), missing) if carried else _spaced(values, len(starts), missing)
    return found


def _spaced(values: dict[int, float], count: int, missing: float | None) -> list[float | None]:
    return [values.get(place, missing) for place in range(count)]


def _carried(values: dict[int, float], count: int, missing: float | None) -> list[float | None]:
    now: float | None = values.get(-1, missing)
    found = []
    for place in range(count):
        now = values.get(place, now)
        found.append(now)
    return found
