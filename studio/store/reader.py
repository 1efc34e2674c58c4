"""Read one run: its tables as Polars frames, SQL over its views, its records as they were written."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import weakref
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self

from studio.errors import UnknownView, nearest
from studio.records import TABLES, Record, canonical
from studio.store import queries
from studio.store.columns import records_of, rendered
from studio.store.engine import detach, frame_of, load_frame, open_memory
from studio.store.queries import View, collection_views, external_view, fill, identifier
from studio.store.question import answer, has_rows, statement_of
from studio.store.schema import columns
from studio.store.shelf import Shape, Shelf
from studio.store.standing import Standing

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = ["Filling", "RunLog"]

_WINDOW = 100_000  # records read at once where all are wanted


class Filling(Protocol):
    """What fills a run that goes on: a `Buffer`, or what stands before one that another thread fills."""

    run: int

    @property
    def count(self) -> int:
        """How many records a look sees, once it has flushed."""
        ...

    def counts(self) -> dict[str, int]:
        """Return how many records of each table there are."""
        ...

    def since(self, seq: int) -> list[Record] | None:
        """Return the records from one on, where none of them has left for the log yet and they may be touched."""
        ...

    def flush(self) -> None:
        """Hand over what a look is to see."""
        ...


class RunLog:
    """The log of one run, finished or going on.

    What a query needs is loaded into a database in memory of its own when it is first asked for, and only what is new
    is loaded later; so a short run answers in milliseconds, and a file is open only while something is loaded.

    Args:
        shelf: Where the run is.
        run: Its number there.
        shape: Columns for ledgers and collections; None takes those with which the run began.
        buffer: Of a run that goes on; it is flushed before a look at its records, so that the last ones are seen.
    """

    def __init__(self, shelf: Shelf, run: int, *, shape: Shape | None = None, buffer: Filling | None = None) -> None:
        self.run = run
        self.row = shelf.row(run)
        self._shelf, self._buffer = shelf, buffer
        self._views = _all_views(self.row.info.shape if shape is None else shape)
        self._loaded: dict[str, int] = {}  # table to the sequence number that is loaded next
        self._made: set[str] = set()
        self._lock = threading.RLock()
        self._standing = Standing(shelf, run)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """Return the database in memory, which is made when the first question is asked."""
        connection, database = open_memory()
        connection.execute("create schema rows")
        weakref.finalize(self, detach, database)
        return connection

    def __repr__(self) -> str:
        return f"RunLog(run={self.run}, scenario={self.row.info.scenario!r}, seed={self.row.info.seed})"

    @property
    def views(self) -> list[str]:
        """Names that `frame` and `sql` know."""
        return sorted({name.replace("\0", ".") for name in self._views})

    def window(self) -> RunView:
        """Return the same run to be asked by pages and stretches of time, as whoever shows it on a screen does."""
        from studio.store.windows.log_view import LogView

        if self._buffer is not None:
            self._buffer.flush()
        return LogView.of_shelf(self._shelf).run(self.run)

    def frame(self, view: str) -> pl.DataFrame:
        """Return a view's rows, in the order in which things happened.

        Args:
            view: Such as `messages`, `external` or `Inventory.stock`.

        Raises:
            UnknownView: It does not exist.
        """
        if view not in self._views:
            raise UnknownView(view=view, candidates=nearest(view, self.views, limit=5))
        return self.sql(fill(queries.WHOLE, view=identifier(view)))

    @property
    def messages(self) -> pl.DataFrame:
        """Calls, events, HTTP requests and ticks that entered the bus."""
        return self.frame("messages")

    @property
    def events(self) -> pl.DataFrame:
        """Events, each with what became of its deliveries."""
        return self.frame("events")

    @property
    def deliveries(self) -> pl.DataFrame:
        """What was handed over, refused or lost."""
        return self.frame("deliveries")

    @property
    def spans(self) -> pl.DataFrame:
        """Stretches of work."""
        return self.frame("spans")

    @property
    def sagas(self) -> pl.DataFrame:
        """Saga instances: the last state of each, and its history."""
        return self.frame("sagas")

    @property
    def steps(self) -> pl.DataFrame:
        """The marks that saga steps passed."""
        return self.frame("saga_steps")

    @property
    def documents(self) -> pl.DataFrame:
        """The last committed state of every document; see `collection` and the view `document_changes`."""
        return self.frame("documents")

    @property
    def ledgers(self) -> pl.DataFrame:
        """What third parties did, with a column for each field of their ledgers."""
        return self.frame("external")

    @property
    def faults(self) -> pl.DataFrame:
        """Faults that took effect."""
        return self.frame("faults")

    @property
    def policies(self) -> pl.DataFrame:
        """What retries, breakers, bulkheads, discovery and fallbacks did."""
        return self.frame("policies")

    @property
    def metrics(self) -> pl.DataFrame:
        """What was counted, set and observed."""
        return self.frame("metrics")

    @property
    def logs(self) -> pl.DataFrame:
        """Log lines of handlers."""
        return self.frame("logs")

    @property
    def lives(self) -> pl.DataFrame:
        """Starts, crashes and stops of replicas."""
        return self.frame("lives")

    @property
    def violations(self) -> pl.DataFrame:
        """Invariants that did not hold."""
        return self.frame("violations")

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection, by key.

        Args:
            name: `Inventory.stock`.
        """
        service, _, collection = name.partition(".")
        with self._lock:
            fresh = None if self._buffer is None else self._buffer.since(self._standing.seen)
            if fresh is not None:
                self._standing.take(fresh)
            else:
                self._flush_first()
                self._standing.catch_up()
            bodies = self._standing.bodies(service, collection)
        return [json.loads(body) for body in bodies]

    def sql(self, text: str, /, *, cell: str = "", **parameters: Any) -> pl.DataFrame:
        """Ask anything of this run.

        Args:
            text: One `select` over the run's views, with `$name` for parameters.
            cell: Where it stands, such as `invariant one_charge_per_order`, for errors.
            parameters: Values for `$name`.

        Raises:
            InvalidQuery: It is wrong; the error names the line.
            QueryWrites: It would change something.

        Example:
            run.sql("select address, count(*) as n from messages group by address order by n desc")
        """
        with self._lock:
            statement_of(self._connection, text, views=self.views, cell=cell)
            self._prepare(text)
            return answer(self._connection, text, parameters, views=self.views, cell=cell)

    def has_rows(self, text: str, /, *, cell: str = "") -> bool:
        """Tell whether a query gives any row: for a short run at a fraction of what its rows would cost.

        Args:
            text: As for `sql`.
            cell: Where it stands, for errors.

        Raises:
            InvalidQuery: It is wrong; the error names the line.
            QueryWrites: It would change something.
        """
        with self._lock:
            statement_of(self._connection, text, views=self.views, cell=cell)
            self._prepare(text)
            return has_rows(self._connection, text, views=self.views, cell=cell)

    def tables_of(self, text: str) -> frozenset[str]:
        """Return the tables of records that a query rests on, and perhaps some more: it is told from its words."""
        return frozenset(table for view in self._named(text) for table in view.tables)

    def counts(self) -> dict[str, int]:
        """Return how many records each table holds, of a run that goes on as of now."""
        return dict(self._shelf.row(self.run).counts) if self._buffer is None else self._buffer.counts()

    def tables(self, *names: str) -> dict[str, pl.DataFrame]:
        """Return whole tables of records as they are, with `seq` and names in full; cheap where the run is small.

        Args:
            names: Such as `messages`; they are the tables of `studio.records.TABLES`, not views.
        """
        self._flush_first()
        found = self._shelf.read(self.run, dict.fromkeys(names, 0))
        return {table: rendered(table, frame, found.names) for table, frame in found.frames.items()}

    def records(self) -> Iterator[Record]:
        """Yield the run's records in the order in which they happened."""
        for window in self.windows():
            yield from records_of(window)

    def windows(self) -> Iterator[dict[str, pl.DataFrame]]:
        """Yield the run in stretches of bounded size: table to rendered rows with `seq`."""
        self._flush_first()
        end = self._shelf.row(self.run).records
        for first in range(0, end, _WINDOW):
            found = self._shelf.read(self.run, dict.fromkeys(TABLES, first), min(first + _WINDOW, end))
            yield {table: rendered(table, frame, found.names) for table, frame in found.frames.items()}

    def sha256(self) -> str:
        """Hash the canonical encoding; equal runs have equal hashes, on any machine."""
        known = self._shelf.row(self.run).sha256
        if known and self._buffer is None:
            return known
        found = hashlib.sha256()
        for at, window in enumerate(self.windows()):
            found.update((b"\n" if at else b"") + canonical(records_of(window)))
        return found.hexdigest()

    def traces(self) -> pl.DataFrame:
        """List the traces: when each began, how long it took, how many spans it has and how many went wrong."""
        return self.sql(queries.TRACES)

    def trace(self, trace: int) -> list[Record]:
        """Return all records that belong to a trace, in order: what a waterfall shows.

        Args:
            trace: Its ordinal, the column `trace`.
        """
        with self._lock:
            self._load(set(queries.TRACE) | {"messages", "spans", "sagas"})
            frames = {
                table: frame_of(self._connection.sql(_of_trace(table, condition, trace)))
                for table, condition in queries.TRACE.items()
            }
        return records_of(frames)

    def settled(self) -> Self:
        """Return the same log of a run that has ended by now, with what has been loaded so far."""
        with self._lock:
            self._load(set(self._loaded))
            self.row, self._buffer = self._shelf.row(self.run), None
        return self

    def close(self) -> None:
        """Free the memory now; the run can no longer be asked."""
        self._connection.close()

    def _prepare(self, text: str) -> None:
        """Make the views that a text may name and load their tables: most queries name one of twenty."""
        named = self._named(text)
        self._load({table for view in named for table in view.tables})
        for view in named:
            if view.name not in self._made:
                self._make(view)

    def _named(self, text: str) -> list[View]:
        """Return the views whose names' words all come up in a text: those that it reads, and perhaps some more."""
        words = {word.lower() for word in re.findall(r"\w+", text)}
        return [view for name, view in self._views.items() if words.issuperset(re.findall(r"\w+", name.lower()))]

    def _make(self, view: View) -> None:
        schema, _, name = view.name.rpartition("\0")
        if schema:
            self._connection.execute(f"create schema if not exists {identifier(schema)}")
        title = f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)
        self._connection.execute(f"create view {title} as {view.query}")
        self._made.add(view.name)

    def _load(self, tables: set[str]) -> None:
        """Load what is new in some tables; of a run that goes on, then also of all others that were asked for before.

        A file is opened for a flush and for each load, which costs more than the rows: so one look loads for the next.
        """
        written = self._flush_first()
        fresh = {table for table, seen in self._loaded.items() if seen == written or self.row.status != "running"}
        wanted = {table: self._loaded.get(table, 0) for table in {*tables, *self._loaded} - fresh}
        if not tables - fresh:
            return
        found = self._shelf.read(self.run, wanted)
        for table, raw in found.frames.items():
            if table not in self._loaded:
                fields = ", ".join(column.rendered for column in columns(table))
                self._connection.execute(f"create table rows.{table} (seq BIGINT, {fields})")
            if len(raw):
                load_frame(self._connection, table, rendered(table, raw, found.names))
            self._loaded[table] = found.records

    def _flush_first(self) -> int | None:
        if self._buffer is None:
            return None
        self._buffer.flush()
        return self._buffer.count


def _of_trace(table: str, condition: str, trace: int) -> str:
    return fill(queries.OF_TRACE, table=table, condition=fill(condition, values={"trace": trace}))


def _all_views(shape: Shape) -> Mapping[str, View]:
    found = {**queries.VIEWS, "external": external_view(shape.ledger_fields)}
    for collection, fields in shape.collections.items():
        taken = {name.lower() for name in found}
        found |= {view.name: view for view in collection_views(collection, fields) if view.name.lower() not in taken}
    return found
