"""Pass records on, and stop the loop after the step that wrote what somebody waits for."""

from __future__ import annotations

from studio.records import TABLES, Record
from studio.simulation.virtual.loop import VirtualLoop
from studio.store import Buffer

__all__ = ["Tap"]

_TABLE_OF = {record: table for table, record in TABLES.items()}


class Tap:
    """The `Recorder` port of a run that is looked at between its steps.

    Args:
        buffer: Where records go.

    Attributes:
        wanted: Number of records after which to stop; 0 for none.
    """

    __slots__ = ("_buffer", "_loop", "_touched", "_watched", "wanted")

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._loop: VirtualLoop | None = None
        self._watched: frozenset[type] = frozenset()
        self._touched: set[str] = set()
        self.wanted = 0

    def watch(self, loop: VirtualLoop, tables: frozenset[str]) -> None:
        """Stop a loop from now on, after every step that writes to one of these tables."""
        self._loop = loop
        self._watched = frozenset(TABLES[table] for table in tables)

    def write(self, record: Record) -> None:
        """Take one record."""
        self._buffer.write(record)
        if self._loop is None:
            return
        if type(record) in self._watched:
            self._touched.add(_TABLE_OF[type(record)])
            self._loop.request_stop()
        elif self.wanted and self._buffer.count >= self.wanted:
            self._loop.request_stop()

    @property
    def is_due(self) -> bool:
        """Say whether what somebody waits for has been written."""
        return bool(self._touched) or bool(self.wanted and self._buffer.count >= self.wanted)

    def take(self) -> frozenset[str]:
        """Return the tables that were written to since the last time."""
        touched = frozenset(self._touched)
        self._touched.clear()
        return touched
