"""Count what happened within the last stretch of time, in bounded room."""

from __future__ import annotations

from collections import deque

__all__ = ["Tally"]

SLICES = 10
"""A window is counted in so many slices, so that its edge is right to a tenth of it."""


class Tally:
    """Two counts over a sliding window: of all, and of those that are told apart.

    Args:
        window_ns: How far back things count.
    """

    __slots__ = ("_slice_ns", "_slices", "marked", "total")

    def __init__(self, window_ns: int) -> None:
        self._slice_ns = max(1, window_ns // SLICES)
        self._slices: deque[list[int]] = deque()  # slice's number, total, marked; oldest first
        self.total = self.marked = 0

    def add(self, now_ns: int, *, total: int = 0, marked: int = 0) -> None:
        """Count something that happens now."""
        self.forget(now_ns)
        number = now_ns // self._slice_ns
        if self._slices and self._slices[-1][0] > number:  # a clock that was set back: nobody knows how old they are
            self.clear()
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append([number, 0, 0])
        self._slices[-1][1] += total
        self._slices[-1][2] += marked
        self.total += total
        self.marked += marked

    def forget(self, now_ns: int) -> None:
        """Leave out what is older than the window."""
        oldest = now_ns // self._slice_ns - SLICES
        while self._slices and self._slices[0][0] <= oldest:
            _, total, marked = self._slices.popleft()
            self.total -= total
            self.marked -= marked

    def clear(self) -> None:
        """Begin anew."""
        self._slices.clear()
        self.total = self.marked = 0
