"""Let transactions that lost a document to another commit try again one after another, in the order in which they lost.

Optimistic commits starve when many want the same document at once: of those that have read it, one commits, and all
others run again together. Standing in line, each runs again once, and those that want other documents pass by.
"""

from __future__ import annotations

import asyncio

__all__ = ["Turn", "Turns"]

Document = tuple[str, str]


class _Line:
    """Who waits for one document, and who has the turn."""

    __slots__ = ("lock", "members")

    def __init__(self) -> None:
        self.lock, self.members = asyncio.Lock(), 0


class Turns:
    """The lines of one process; a line that nobody stands in is forgotten."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: dict[Document, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def enter(self, document: Document) -> _Line:
        """Return a document's line, with one more member."""
        line = self._lines.setdefault(document, _Line())
        line.members += 1
        return line

    def leave(self, document: Document) -> None:
        """Count a member of a document's line out."""
        line = self._lines[document]
        line.members -= 1
        if not line.members:
            del self._lines[document]


class Turn:
    """One transaction's place, in one line at a time: so two never wait for each other.

    Args:
        turns: Of its process.
    """

    __slots__ = ("_document", "_has_turn", "_line", "_turns")

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._document: Document | None = None
        self._line: _Line | None = None
        self._has_turn = False

    async def take(self, document: Document) -> None:
        """Wait for the turn at a document; a turn at another one is given up first, and the same one is kept."""
        if self._has_turn and document == self._document:
            return
        self.leave()
        self._document, self._line = document, self._turns.enter(document)
        await self._line.lock.acquire()
        self._has_turn = True

    def leave(self) -> None:
        """Give the turn, or the place in the line, up; may be called twice."""
        if self._document is None or self._line is None:
            return
        if self._has_turn:
            self._line.lock.release()
        self._turns.leave(self._document)
        self._document, self._line, self._has_turn = None, None, False
