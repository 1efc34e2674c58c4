"""Read and write durations: strings for authors, integer nanoseconds inside; reading is exact to the nanosecond."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction
from typing import overload

from studio.errors import InvalidDuration

__all__ = ["SECOND_NS", "duration_ns", "exact_ns", "format_ns", "optional_ns", "shortest_ns"]

SECOND_NS = 1_000_000_000
_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
    "d": 86_400 * SECOND_NS,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d)")
_EXACT_UNITS = ("h", "m", "s", "ms", "us", "ns")


def duration_ns(text: str | float) -> int:
    """Return nanoseconds.

    Args:
        text: `"40ms"`, `"1m30s"`, `"24h"`; a bare number is seconds.

    Raises:
        InvalidDuration: Not a duration, or negative.

    Example:
        >>> duration_ns("1m30s")
        90000000000
    """
    if isinstance(text, str):
        return _parse(text)
    if type(text) not in (int, float) or not 0 <= text < math.inf:
        raise InvalidDuration(text=repr(text))
    return round(text * SECOND_NS)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> int:
    # Cached, since latencies are drawn for every message; fractions, since a float loses nanoseconds after 104 days.
    compact = text.replace(" ", "")
    if not compact or _PART.sub("", compact):
        raise InvalidDuration(text=repr(text))
    return sum(round(Fraction(number) * _UNITS_NS[unit]) for number, unit in _PART.findall(compact))


@overload
def optional_ns(text: None) -> None: ...
@overload
def optional_ns(text: str | float) -> int: ...
def optional_ns(text: str | float | None) -> int | None:
    """Return nanoseconds, or None for None."""
    return None if text is None else duration_ns(text)


def exact_ns(value_ns: int) -> str:
    """Return the duration as authors write it, with no nanosecond lost: `1500ms`, `90s`, `24h`.

    Args:
        value_ns: Not negative.
    """
    if value_ns == 0:
        return "0s"
    unit = next(unit for unit in _EXACT_UNITS if value_ns % _UNITS_NS[unit] == 0)
    return f"{value_ns // _UNITS_NS[unit]}{unit}"


def shortest_ns(value_ns: int) -> str:
    """Return the shortest text of a duration with no nanosecond lost: `65.881s`, `1.5s`, `40ms`, `90s`, `24h`.

    Args:
        value_ns: Not negative.
    """
    decimal = [_decimal(value_ns, unit) for unit in ("s", "ms", "us") if value_ns >= _UNITS_NS[unit]]
    return min([*decimal, exact_ns(value_ns)], key=len)


def _decimal(value_ns: int, unit: str) -> str:
    """Return a duration in a unit that is a power of ten."""
    size = _UNITS_NS[unit]
    whole, rest = divmod(value_ns, size)
    return f"{whole}.{rest:0{len(str(size)) - 1}d}".rstrip("0").rstrip(".") + unit


def format_ns(value_ns: int) -> str:
    """Return the shortest usual form to read, to four digits: `1.5 s`, `40 ms`, `2m 5s`."""
    if value_ns < 0:
        return f"-{format_ns(-value_ns)}"
    if value_ns == 0:
        return "0 s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if value_ns < size * 1000:
            return f"{value_ns / size:.4g} {unit}"
    if value_ns < 60 * SECOND_NS:
        return f"{value_ns / SECOND_NS:.4g} s"
    minutes, rest_ms = divmod(round(value_ns / 1_000_000), 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ms / 1000:g}s"
    return f"{hours}h {minutes}m {seconds}" if hours else f"{minutes}m {seconds}"
