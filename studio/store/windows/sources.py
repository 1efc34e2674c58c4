"""Say where windows look: into a log's file, which is open for a burst of questions only, or into memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studio.errors import UnknownCampaign, UnknownRun, WindowTooLarge, nearest
from studio.store import queries
from studio.store.campaigns import CAMPAIGN_TABLES, campaign_form, campaign_frame, fill_campaign
from studio.store.columns import text_series
from studio.store.disk import run_row
from studio.store.engine import Stream, frame_of
from studio.store.holder import is_abandoned
from studio.store.opening import attached
from studio.store.queries import fill
from studio.store.question import narrowed
from studio.store.schema import VERSION, columns
from studio.store.windows.growing_copy import GrowingCopy
from studio.store.windows.older_forms import make_forward
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from studio.store.shelf import RunRow
    from studio.store.volatile import MemoryShelf

__all__ = ["COPIED_AT_ONCE", "FileSource", "MemorySource", "Source", "answer_of"]

_SETTINGS = (
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set TimeZone = 'UTC'",
)
COPIED_AT_ONCE = 100_000
"""Records of a run that goes on which one opening of its file copies; between two of them its writer gets in."""
_COPIED_MAX = 3_000_000  # records: a longer run that goes on is asked where it lies, though its writer waits for it


class Source(Protocol):
    """A log, as windows see it; every method may be called from any thread."""

    engine: duckdb.DuckDBPyConnection

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first, without what is long: shape, case and topology."""
        ...

    def row(self, run: int) -> RunRow:
        """Return one run.

        Raises:
            UnknownRun: It is not here.
        """
        ...

    def acts(self, run: int) -> list[str]:
        """Return what was done by hand to a run that has not ended; none once it has, or in a log of an older form."""
        ...

    def campaigns(self) -> pl.DataFrame:
        """Return the table `campaigns`."""
        ...

    def campaign(self, number: int) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Let a campaign's tables be asked.

        Raises:
            UnknownCampaign: It is not here.
        """
        ...

    def opened(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Keep the log open, and its writer waiting, until the end."""
        ...

    def is_asked_in_place(self, row: RunRow) -> bool:
        """Tell whether a run's tables are those of `opened`, so that nothing is copied."""
        ...

    def catch_up(self, copy: GrowingCopy, tables: Iterable[str], end: int) -> None:
        """Bring a copy forward to a sequence number, for the tables that it has and some more."""
        ...


def _open_engine() -> duckdb.DuckDBPyConnection:
    """Open an engine of our own: two threads, since no result here depends on the order in which rows are read."""
    import duckdb

    engine = duckdb.connect(":memory:", config={"threads": 2, "python_enable_replacements": False})
    for setting in _SETTINGS:
        engine.execute(setting)
    return engine


def answer_of(connection: duckdb.DuckDBPyConnection, text: str) -> pl.DataFrame:
    """Ask a statement of ours; what is wrong in it is our bug, and raises as DuckDB words it.

    Raises:
        WindowTooLarge: The answer does not fit into memory.
    """
    import duckdb

    try:
        return narrowed(frame_of(connection.sql(text)))
    except duckdb.OutOfMemoryException as error:
        raise WindowTooLarge(reason=str(error).splitlines()[0]) from error


class FileSource:
    """A log in a file; it is never changed, also not brought forward from an older form.

    Args:
        file: Its path; until it is made there are no runs.
        patience_s: How long to wait while another process holds it.
    """

    def __init__(self, file: Path, *, patience_s: float = 2.0) -> None:
        self.file, self._patience_s = file, patience_s
        self.engine = _open_engine()
        self._reader = self.engine.cursor()
        self._lock = threading.RLock()
        self._database = ""  # while it is open

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first."""
        if not self.file.exists():
            return []
        with self.opened() as connection:
            return [run_row(row) for row in connection.execute(queries.LIST_BRIEF).fetchall()]

    def row(self, run: int) -> RunRow:
        """Return one run."""
        if not self.file.exists():
            raise UnknownRun(run=run, known=nearest(str(run), []))
        with self.opened() as connection:
            found = connection.execute(fill(queries.GET_RUN, values={"run": run})).fetchone()
            if found is None:
                known = [str(row[0]) for row in connection.execute(queries.RUN_NUMBERS).fetchall()]
                raise UnknownRun(run=run, known=nearest(str(run), known))
            return run_row(found)

    def acts(self, run: int) -> list[str]:
        """Return what was done by hand to a run that has not ended."""
        with self.opened() as connection:
            if self._database != "log":  # an older form
                return []
            return [str(act) for (act,) in connection.execute(fill(queries.ACTS, values={"run": run})).fetchall()]

    def campaigns(self) -> pl.DataFrame:
        """Return the table `campaigns`."""
        if not self.file.exists():
            return _no_campaigns()
        with self.opened() as connection:
            return frame_of(connection.sql("from campaigns order by campaign"))

    @contextmanager
    def campaign(self, number: int) -> Iterator[duckdb.DuckDBPyConnection]:
        """Let a campaign's tables be asked where they lie."""
        with self.opened() as connection:
            known = [row[0] for row in connection.execute(queries.CAMPAIGN_NUMBERS).fetchall()]
            if number not in known:
                raise UnknownCampaign(campaign=number, known=nearest(str(number), map(str, known)))
            yield connection

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Keep the file open until the end; inside, opening it again costs nothing."""
        with self._lock:
            if self._database:
                yield self._reader
                return
            with attached(self.engine, self.file, patience_s=self._patience_s) as form:
                self._database = "log" if form == VERSION else make_forward(self.engine, form)
                self._reader.execute(f"use {self._database}")
                try:
                    yield self._reader
                finally:
                    self._reader.execute("use memory")
                    self._database = ""

    def is_asked_in_place(self, row: RunRow) -> bool:
        """Tell whether nothing is added to a run any more, or too much is there to be copied."""
        return row.status != "running" or row.records > _COPIED_MAX or is_abandoned(row)

    def catch_up(self, copy: GrowingCopy, tables: Iterable[str], end: int) -> None:
        """Copy what is new inside the engine."""
        if copy.names_end < end:
            named = "select id, text from {place}.names where run = {run} and id >= {first} order by id"
            with self.opened():
                place = Sql(f"{self._database}.raw")
                copy.take_names(complete(named, place=place, run=copy.run, first=copy.names), end)
        for table, first in copy.missing(tables, end).items():
            for begin in range(first, max(end, first + 1), COPIED_AT_ONCE):
                self._copy_stretch(copy, table, begin, min(begin + COPIED_AT_ONCE, end))

    def _copy_stretch(self, copy: GrowingCopy, table: str, first: int, end: int) -> None:
        fields = Sql(", ".join(["seq", *(f'"{column.name}"' for column in columns(table))]))
        rows = "select {fields} from {table} where run = {run} and seq >= {first} and seq < {end} order by seq"
        with self.opened():
            place = Sql(f"{self._database}.raw.{table}")
            copy.take(table, complete(rows, fields=fields, table=place, run=copy.run, first=first, end=end), end)


class MemorySource:
    """A log in this process's memory.

    Args:
        shelf: What keeps it.
    """

    def __init__(self, shelf: MemoryShelf) -> None:
        self._shelf = shelf
        self.engine = _open_engine()
        self._lock = threading.RLock()
        self._campaigns: dict[int, duckdb.DuckDBPyConnection] = {}

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first."""
        return self._shelf.rows()

    def row(self, run: int) -> RunRow:
        """Return one run."""
        return self._shelf.row(run)

    def acts(self, run: int) -> list[str]:
        """Return what was done by hand to a run that has not ended."""
        return self._shelf.acts(run)

    def campaigns(self) -> pl.DataFrame:
        """Return the table `campaigns`."""
        import polars as pl

        frames = [self._shelf.campaign(number)["campaigns"].with_columns(pl.lit(number, pl.Int32).alias("campaign"))
                  for number in range(1, self._shelf.campaigns() + 1)]  # fmt: skip
        wanted = list(CAMPAIGN_TABLES["campaigns"])
        return pl.concat(frames).select(wanted) if frames else _no_campaigns()

    @contextmanager
    def campaign(self, number: int) -> Iterator[duckdb.DuckDBPyConnection]:
        """Let a campaign's tables be asked, which are copied at the first time; they never change."""
        with self._lock:
            if number not in self._campaigns:
                self._campaigns[number] = self._copied(number)
            yield self._campaigns[number]

    def _copied(self, number: int) -> duckdb.DuckDBPyConnection:
        frames = self._shelf.campaign(number)
        connection = self.engine.cursor()
        connection.execute(f"attach ':memory:' as campaign_{int(number)}")
        connection.execute(f"use campaign_{int(number)}")
        for statement in campaign_form():
            connection.execute(statement)
        for table, frame in frames.items():
            connection.register("batch", Stream(frame))
            connection.execute(fill_campaign(table, number))
            connection.unregister("batch")
        return connection

    def opened(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Return the engine: there is nothing to open."""
        return nullcontext(self.engine)

    def is_asked_in_place(self, _: RunRow) -> bool:
        """Tell that every run is copied."""
        return False

    def catch_up(self, copy: GrowingCopy, tables: Iterable[str], end: int) -> None:
        """Copy the frames that are new."""
        import polars as pl

        if copy.names_end < end:
            names = self._shelf.names_from(copy.run, copy.names)
            ids = pl.Series("id", range(copy.names, copy.names + len(names)), dtype=pl.UInt32)
            copy.take_names(pl.DataFrame([ids, text_series("text", names)]), end)
        for table, frame in self._shelf.read(copy.run, copy.missing(tables, end), end).frames.items():
            copy.take(table, frame, end)


def _no_campaigns() -> pl.DataFrame:
    import polars as pl

    frame = campaign_frame("campaigns").with_columns(pl.lit(0, pl.Int32).alias("campaign"))
    return frame.select(list(CAMPAIGN_TABLES["campaigns"]))
