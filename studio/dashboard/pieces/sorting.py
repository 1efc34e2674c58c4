"""Keep the order of each list in the session's state, so that a link restores it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.dashboard.pieces.window_table import WindowTable

__all__ = ["Sorting"]


class Sorting:
    """The order of one list: the desk says it, and is told when a reader chooses another one.

    Args:
        desk: Its `sort` has a word for each list that is not in its usual order: `-traces.duration_ns`.
        name: Of the list.
        table: That is sorted.
    """

    def __init__(self, desk: Desk, name: str, table: WindowTable) -> None:
        self._desk, self._name, self._table = desk, name, table
        self._usual = (table.sort, table.descending)
        table.on_sort = self._choose

    def take(self) -> bool:
        """Sort the list as the desk says, and return whether it was in another order before."""
        wanted, before = self._wanted(), (self._table.sort, self._table.descending)
        self._table.param.update(sort=wanted[0], descending=wanted[1])
        return wanted != before

    def _wanted(self) -> tuple[str, bool]:
        """Return the order that the desk says; a column that cannot be sorted by is no order."""
        word = self._words().get(self._name, "")
        column = word.lstrip("-").partition(".")[2]
        return (column, word.startswith("-")) if self._table.is_sortable(column) else self._usual

    def _words(self) -> dict[str, str]:
        return {word.lstrip("-").partition(".")[0]: word for word in self._desk.sort.split()}

    def _choose(self, column: str, descending: bool) -> None:  # noqa: FBT001 - as the table says it
        words = self._words()
        words.pop(self._name, None)
        if (column, descending) != self._usual:
            words[self._name] = f"{'-' if descending else ''}{self._name}.{column}"
        self._desk.go(sort=" ".join(words.values()))
