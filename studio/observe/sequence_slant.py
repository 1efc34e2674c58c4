"""Find the messages that took noticeably long, and the places in a sequence diagram where they arrive."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from studio.observe.sequence_rows import Row

__all__ = ["Arrival", "is_slow", "with_arrivals"]

SLOW_NS: Final = 10_000_000
"""A message that took less is drawn as if it had arrived at once, unless something is shown between."""
SLOW_SHARE: Final = 0.02
"""Of the time that the diagram shows: a message that took less of it is not noticeably late either."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A place at which messages arrive that were sent further up.

    Attributes:
        at_ns: When.
        rows: The rows of these messages.
    """

    at_ns: int
    rows: tuple[Row, ...]


def is_slow(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a message is to be drawn from when it was sent to when it arrived.

    Args:
        row: Of the message.
        rows: All that are shown, in the order of time.
    """
    took_ns = row.arrives_ns - row.at_ns
    if row.is_lost or not row.to or row.to == row.lane or took_ns <= 0:
        return False
    if took_ns >= max(SLOW_NS, SLOW_SHARE * (rows[-1].at_ns - rows[0].at_ns)):
        return True
    after = bisect_left(rows, row.at_ns + 1, key=lambda each: each.at_ns)
    return after < len(rows) and rows[after].at_ns < row.arrives_ns


def with_arrivals(rows: Sequence[Row]) -> list[Row | Arrival]:
    """Return the rows with the arrivals of slow messages between them, each before what happens at its instant."""
    arriving: dict[int, list[Row]] = {}
    for row in rows:
        if is_slow(row, rows):
            arriving.setdefault(row.arrives_ns, []).append(row)
    waiting = sorted(arriving)
    found: list[Row | Arrival] = []
    for row in rows:
        while waiting and waiting[0] <= row.at_ns:
            found.append(Arrival(waiting[0], tuple(arriving[waiting.pop(0)])))
        found.append(row)
    return found + [Arrival(at_ns, tuple(arriving[at_ns])) for at_ns in waiting]
