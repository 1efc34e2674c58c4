"""Keep the last good answers of operations that only read, for the time when their callee does not answer."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

__all__ = ["Larder"]

STALE_MAX = 1000
"""Stale answers that are remembered as such; a handler asks about one soon after it got it, or never."""


class Larder:
    """Last good answers of one incarnation of a caller, and which of them were given out."""

    __slots__ = ("_answers", "_given")

    def __init__(self) -> None:
        self._answers: dict[str, OrderedDict[tuple[str, bytes], tuple[int, bytes]]] = {}
        self._given: deque[Any] = deque(maxlen=STALE_MAX)  # holds them, so that no other object gets their identity

    def keep(self, address: str, asked: tuple[str, bytes], answer: bytes, now_ns: int, most: int) -> None:
        """Keep an answer.

        Args:
            address: Of the operation.
            asked: Principal and message: one's answer is not for another.
            answer: Encoded.
            now_ns: Now.
            most: Answers kept of this operation; those unused longest go first.
        """
        kept = self._answers.setdefault(address, OrderedDict())
        kept[asked] = (now_ns, answer)
        kept.move_to_end(asked)
        while len(kept) > most:
            kept.popitem(last=False)

    def find(self, address: str, asked: tuple[str, bytes]) -> tuple[int, bytes] | None:
        """Return when an answer was kept, and the answer; None where there is none."""
        kept = self._answers.get(address)
        return None if kept is None else kept.get(asked)

    def mark(self, answer: Any) -> Any:
        """Remember that an answer which is given out is stale, and return it."""
        self._given.append(answer)
        return answer

    def is_stale(self, answer: Any) -> bool:
        """Tell whether this very answer was given out as stale."""
        return any(each is answer for each in self._given)
