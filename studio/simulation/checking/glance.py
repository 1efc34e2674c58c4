"""Watch what an invariant in Python reads of a run: on which tables its answer rests, and whether they held data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from studio.records import TABLES, Record
from studio.simulation.run import Run
from studio.store.reader import RunLog

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Glance"]

_VIEW_OF = {"ledgers": "external", "steps": "saga_steps"}
"""Frames of a log that are named otherwise than the views that they show."""


class _WatchedLog:
    """A run's log that notes what is asked of it; whatever it does not know how to note counts as all there is.

    Attributes:
        tables: On which the answers rest.
        has_read: Whether records were asked for; `has_data` whether any were there.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self.tables: set[str] = set()
        self.has_read = self.has_data = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._log, name)
        if hasattr(found, "iter_rows"):
            self._note(_VIEW_OF.get(name, name), len(found))
        elif callable(found):
            self._note_all()
        elif name != "views":
            self.tables.update(TABLES)
        return found

    def _note_all(self) -> None:
        self.tables.update(TABLES)
        self.has_read = self.has_data = True

    def _note(self, text: str, rows: int) -> None:
        """Take in that views named in a text were read, and how many rows came."""
        self.tables.update(self._log.tables_of(text) or TABLES)
        self.has_read = True
        self.has_data = self.has_data or rows > 0

    def frame(self, view: str) -> pl.DataFrame:
        """See `RunLog.frame`."""
        found = self._log.frame(view)
        self._note(view, len(found))
        return found

    def collection(self, name: str) -> list[dict[str, Any]]:
        """See `RunLog.collection`."""
        found = self._log.collection(name)
        self._note("documents", len(found))
        return found

    def sql(self, text: str, /, **options: Any) -> pl.DataFrame:
        """See `RunLog.sql`. A query that finds nothing in tables that hold something has seen data, too."""
        found = self._log.sql(text, **options)
        counts = self._log.counts()
        self._note(text, len(found) or sum(counts.get(table, 0) for table in self._log.tables_of(text)))
        return found

    def records(self) -> Iterator[Record]:
        """See `RunLog.records`."""
        self._note_all()
        return self._log.records()

    def now(self, run: Run) -> tuple[int, int]:
        """Return virtual time and the number of records, on which an answer may then rest."""
        self.tables.update(TABLES)
        return run.end_ns, run.records


class Glance(Run):
    """A run as an invariant sees it."""

    _watched: _WatchedLog

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return a run that notes what is read of it."""
        watched = _WatchedLog(run.log)
        log: Any = watched
        progress = None if run.progress is None else lambda: watched.now(run)
        checks: dict[str, Any] = {"checked": run.checked, "promised": run.promised}
        glance = cls(log, run.build, run.plan, **checks, progress=progress, case=run.case)
        glance._watched = watched
        return glance

    @property
    def tables(self) -> frozenset[str] | None:
        """Return the tables on which what was read rests; None where nothing was read, so that nothing is known."""
        return frozenset(self._watched.tables) if self._watched.tables else None

    @property
    def has_data(self) -> bool:
        """Return whether anything that was read held rows; also where nothing was read, since nothing is known then."""
        return self._watched.has_data or not self._watched.has_read
