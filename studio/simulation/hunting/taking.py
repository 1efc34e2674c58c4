"""Keep a run's records at hand as they are written, besides the log: a hunt reads each of its runs once, and whole."""

from __future__ import annotations

from studio.records import Record
from studio.store import Buffer, Log, RunInfo
from studio.store.volatile import MemoryShelf

__all__ = ["TakingLog"]


class _TakingBuffer(Buffer):
    """A recorder that also keeps what it is given."""

    __slots__ = ("taken",)

    taken: list[Record]

    def write(self, record: Record) -> None:
        """Keep one record."""
        self.taken.append(record)
        super().write(record)


class TakingLog(Log):
    """A log in memory for one run; read back from frames, its records would cost a fifth of the run.

    Attributes:
        taken: The records so far, in order.
    """

    def __init__(self) -> None:
        super().__init__(MemoryShelf())
        self.taken: list[Record] = []

    def record(
        self, info: RunInfo, *, batch_rows: int = 262_144, batches_max: int = 16, hashing: bool = False
    ) -> Buffer:
        """Begin a run; see `Log.record`."""
        buffer = _TakingBuffer(self.shelf, info, batch_rows=batch_rows, batches_max=batches_max, hashing=hashing)
        buffer.taken = self.taken
        return buffer
