"""Open a log for windows: the one that this process writes, or the file of another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from studio.store.disk import FileShelf
from studio.store.volatile import MemoryShelf
from studio.store.windows.recorded_campaign import RecordedCampaign
from studio.store.windows.run_view import RunView
from studio.store.windows.sources import FileSource, MemorySource, Source

if TYPE_CHECKING:
    import polars as pl

    from studio.store.shelf import RunRow, Shelf
    from studio.store.writer import Log

__all__ = ["LogView"]

_VIEWS_MAX = 8  # runs of which a copy is kept


class LogView:
    """A log, to be looked at by any thread; nothing in it is ever changed.

    Args:
        source: Where it is; use `LogView.of` or `LogView.open`.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._views: OrderedDict[int, RunView] = OrderedDict()

    @classmethod
    def of(cls, log: Log) -> LogView:
        """Look at a log of this process, also while runs are written to it."""
        return cls.of_shelf(log.shelf)

    @classmethod
    def of_shelf(cls, shelf: Shelf) -> LogView:
        """Look at where a log of this process keeps its runs."""
        if isinstance(shelf, FileShelf):
            return cls(FileSource(shelf.file, patience_s=shelf.patience_s))
        assert isinstance(shelf, MemoryShelf)
        return cls(MemorySource(shelf))

    @classmethod
    def open(cls, file: Path | str, *, patience_s: float = 2.0) -> LogView:
        """Look at a log's file, which other processes may write meanwhile.

        Args:
            file: Its path.
            patience_s: How long to wait while another process holds it.

        Raises:
            LogMissing: There is no such file.
            LogLocked: Another process holds it for longer.
            LogVersion: A later version of Studio wrote it.
            NotALog: It is something else.
        """
        source = FileSource(Path(file), patience_s=patience_s)
        with source.opened():
            return cls(source)

    def runs(self) -> list[RunRow]:
        """List the runs, oldest first; of a file's, what is long (shape, case, topology) is left out."""
        return self._source.rows()

    def run(self, number: int) -> RunView:
        """Return a run to be asked; the same one for all who ask for it.

        Raises:
            UnknownRun: It is not there.
        """
        with self._lock:
            found = self._views.get(number)
            if found is None:
                found = self._views[number] = RunView(self._source, number)
            self._views.move_to_end(number)
            while len(self._views) > _VIEWS_MAX:
                self._views.popitem(last=False)[1].close()
            return found

    def campaigns(self) -> pl.DataFrame:
        """Return the table `campaigns`, oldest first."""
        return self._source.campaigns()

    def campaign(self, number: int) -> RecordedCampaign:
        """Return a campaign to be asked.

        Raises:
            UnknownCampaign: It is not there.
        """
        found = RecordedCampaign(self._source, number)
        with self._source.campaign(number):
            return found

    def close(self) -> None:
        """Free the memory; nothing can be asked any more."""
        with self._lock:
            for view in self._views.values():
                view.close()
            self._views.clear()
            self._source.engine.close()
