"""Read and write durations: strings for authors, integer nanoseconds inside."""

from __future__ import annotations

import re
from typing import overload

from studio.errors import InvalidDuration

__all__ = ["SECOND_NS", "duration_ns", "format_ns", "optional_ns"]

SECOND_NS = 1_000_000_000
_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
    "d": 86_400 * SECOND_NS,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)")


def duration_ns(text: str | float) -> int:
    """Return nanoseconds.

    Args:
        text: `"40ms"`, `"1m30s"`, `"24h"`; a bare number is seconds.

    Raises:
        InvalidDuration: Not a duration, or negative.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        if text < 0:
            raise InvalidDuration(text=repr(text))
        return round(text * SECOND_NS)
    compact = str(text).replace(" ", "")
    if not compact or _PART.sub("", compact):
        raise InvalidDuration(text=repr(text))
    return sum(round(float(number) * _UNITS_NS[unit]) for number, unit in _PART.findall(compact))


@overload
def optional_ns(text: None) -> None: ...
@overload
def optional_ns(text: str | float) -> int: ...
def optional_ns(text: str | float | None) -> int | None:
    """Return nanoseconds, or None for None."""
    return None if text is None else duration_ns(text)


def format_ns(value_ns: int) -> str:
    """Return the shortest usual form: `1.5 s`, `40 ms`, `2m 5s`."""
    if value_ns < 0:
        return f"-{format_ns(-value_ns)}"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if value_ns < size * 1000:
            return f"{value_ns / size:.4g} {unit}"
    if value_ns < 60 * SECOND_NS:
        return f"{value_ns / SECOND_NS:.4g} s"
    minutes, rest_ns = divmod(value_ns, 60 * SECOND_NS)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ns / SECOND_NS:.3g}s"
    return f"{hours}h {minutes}m {seconds}" if hours else f"{minutes}m {seconds}"
