"""Keep a copy of a run that goes on, in memory and in the file's own form, to which only what is new is added."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from studio.records import TABLES
from studio.store.engine import Stream
from studio.store.schema import columns
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["GrowingCopy"]

_numbers = itertools.count(1)


class GrowingCopy:
    """A copy of one run: `raw.<table>` for each table that somebody asked for, and `raw.names`.

    Args:
        engine: In memory; the copy is a database of its own there.
        run: The run's number.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection, run: int) -> None:
        self.run, self.database = run, f"copy_{next(_numbers)}"
        self._engine = engine
        engine.execute(f"attach ':memory:' as {self.database}")
        self.connection = engine.cursor()
        self.connection.execute(f"use {self.database}")
        self.connection.execute("create schema raw")
        self.connection.execute("create table raw.names (run INTEGER, id UINTEGER, text VARCHAR)")
        self.names, self.names_end = 0, 0
        self.ends: dict[str, int] = {}
        """Table to the sequence number before which it is copied; `names_end` is that of the names."""

    def missing(self, tables: Iterable[str], end: int) -> dict[str, int]:
        """Return the tables of which rows before `end` are not here yet, with the first that is wanted.

        Args:
            tables: That are asked for now; those that were asked for before count too.
            end: How far the run was written.
        """
        wanted = (set(tables) & TABLES.keys()) | self.ends.keys()
        return {table: self.ends.get(table, 0) for table in sorted(wanted) if self.ends.get(table, -1) < end}

    def take(self, table: str, rows: Sql | pl.DataFrame, end: int) -> None:
        """Add rows to a table.

        Args:
            table: Made at the first rows.
            rows: A query in the engine, or a raw frame, without the column `run`.
            end: Before which the table is complete then.
        """
        if table not in self.ends:
            fields = ", ".join(column.stored for column in columns(table))
            self.connection.execute(f"create table raw.{table} (run INTEGER, seq BIGINT, {fields})")
        self._add(table, rows)
        self.ends[table] = end

    def take_names(self, rows: Sql | pl.DataFrame, end: int) -> None:
        """Add names, by id from `names` on: all that stand in records before `end`."""
        self._add("names", rows)
        self.names_end = end
        found = self.connection.execute("select count(*) from raw.names").fetchone()
        self.names = int(found[0]) if found else 0

    def close(self) -> None:
        """Free the memory."""
        self.connection.close()
        self._engine.execute(f"detach database if exists {self.database}")

    def _add(self, table: str, rows: Sql | pl.DataFrame) -> None:
        source = rows if isinstance(rows, Sql) else Sql("from batch")
        if not isinstance(rows, Sql):
            self.connection.register("batch", Stream(rows))
        select = complete("insert into raw.{table} select {run}, * from ({source})",
                          table=Sql(table), run=self.run, source=source)  # fmt: skip
        self.connection.execute(select)
        if not isinstance(rows, Sql):
            self.connection.unregister("batch")
