"""The log as the rest of Studio holds it: in a file or in memory, records go in and runs come out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadParcel, LogUnwritable
from studio.records import TABLES
from studio.store.buffer import Buffer
from studio.store.columns import Batch
from studio.store.disk import FileShelf
from studio.store.parcel import Parcel, pack, unpack
from studio.store.reader import Filling, RunLog
from studio.store.runs import Difference, compare
from studio.store.shelf import RunInfo, RunRow, Shape, Shelf
from studio.store.volatile import MemoryShelf

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Log"]


class Log:
    """All runs of a project.

    Args:
        shelf: What keeps them; use `Log.open` or `Log.memory`.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    @classmethod
    def open(cls, file: Path | str, *, patience_s: float = 2.0) -> Log:
        """Keep runs in a DuckDB file, such as `studio.duckdb`; it is made at the first run.

        Args:
            file: Its path.
            patience_s: How long to wait while another process holds it.
        """
        return cls(FileShelf(Path(file), patience_s=patience_s))

    @classmethod
    def memory(cls) -> Log:
        """Keep runs in memory, until the process ends."""
        return cls(MemoryShelf())

    def record(
        self, info: RunInfo, *, batch_rows: int = 262_144, batches_max: int = 16, hashing: bool = False
    ) -> Buffer:
        """Begin a run and return the recorder that takes its records.

        Args:
            info: What is known of it.
            batch_rows: Records handed over at once.
            batches_max: How many batches are kept in memory while the file refuses them.
            hashing: Whether to compute the canonical hash on the way.

        Raises:
            LogLocked: Another process holds the file.
            LogVersion: The file has a form of another version.
            NotALog: The file is something else.
            LogUnwritable: There is no room, or no way to the file.
        """
        return Buffer(self.shelf, info, batch_rows=batch_rows, batches_max=batches_max, hashing=hashing)

    def run(self, run: int, *, shape: Shape | None = None) -> RunLog:
        """Return a run to be asked.

        Args:
            run: Its number.
            shape: Columns for ledgers and collections; None takes those with which it began.

        Raises:
            UnknownRun: It is not here.
        """
        return RunLog(self.shelf, run, shape=shape)

    def live(self, buffer: Filling, *, shape: Shape | None = None) -> RunLog:
        """Return a run that goes on; each question sees all that was recorded before it."""
        return RunLog(self.shelf, buffer.run, shape=shape, buffer=buffer)

    def runs(self) -> list[RunRow]:
        """List the runs, oldest first."""
        return self.shelf.rows()

    def compare(self, first: int, second: int) -> Difference | None:
        """Return the first record in which two runs differ; None when they are equal."""
        return compare(self.run(first), self.run(second))

    def delete(self, *runs: int) -> None:
        """Forget runs, all of those named or none.

        Raises:
            UnknownRun: One of them is not here.
        """
        self.shelf.delete(list(runs))

    def add_campaign(self, frames: Mapping[str, pl.DataFrame]) -> int:
        """Keep what came of a campaign, as the tables of `studio.store.campaigns`, and return its number."""
        return self.shelf.add_campaign(frames)

    def campaign(self, number: int) -> Mapping[str, pl.DataFrame]:
        """Return the tables of a campaign.

        Raises:
            UnknownCampaign: It is not here.
        """
        return self.shelf.campaign(number)

    def pack(self, run: int) -> bytes:
        """Return a whole run as bytes, for another process to `adopt`."""
        row = self.shelf.row(run)
        found = self.shelf.read(run, dict.fromkeys(TABLES, 0))
        frames = {table: frame for table, frame in found.frames.items() if len(frame)}
        batch = Batch(0, found.records, frames, 0, found.names.to_list())
        return pack(Parcel(run, row.info, row.status, row.end_ns, [batch]))

    def adopt(self, parcel: bytes | Path | str) -> int:
        """Take in a run that `pack` gave, or the rest of one that `Buffer.spill` saved, and return its number here.

        Raises:
            BadParcel: It is none, or the records before it are not here.
        """
        file = "parcel" if isinstance(parcel, bytes) else str(parcel)
        found = unpack(parcel if isinstance(parcel, bytes) else _content(Path(parcel)), file=file)
        whole = not found.batches or found.batches[0].first == 0
        run = self.shelf.begin(found.info) if whole else self._begun(found, file)
        for batch in found.batches:
            self.shelf.append(run, batch)
        if found.status != "running":
            self.shelf.finish(run, found.status, found.end_ns, "")
        return run

    def _begun(self, found: Parcel, file: str) -> int:
        for row in self.shelf.rows():
            if row.run == found.run and row.info == found.info and row.records >= found.batches[0].first:
                return row.run
        raise BadParcel(file=file, reason=f"the first {found.batches[0].first} records of its run are not in this log")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise LogUnwritable(file=str(file), reason=error.strerror or "cannot be read", records=0) from error
