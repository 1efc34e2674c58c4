"""Ask one run for what a window shows: a page, a count, a stretch of time; never for a whole table."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Self

from studio.store.holder import is_abandoned
from studio.store.schema import columns
from studio.store.windows.conditions import Conditions, like
from studio.store.windows.growing_copy import GrowingCopy
from studio.store.windows.sources import COPIED_AT_ONCE, answer_of
from studio.store.windows.statements import Sql, Value, complete, shown

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from studio.store.shelf import RunRow
    from studio.store.windows.sources import Source

__all__ = ["Count", "RunView"]

_TEXTS_MAX = 100_000
_TIMES = {"spans": "end_ns"}


class Count(NamedTuple):
    """How many rows there are, as far as they were counted."""

    number: int
    is_exact: bool

    def __str__(self) -> str:
        return f"{self.number:,}" + ("" if self.is_exact else "+")


class RunView:
    """One run in the file's own form: tables `raw.<table>` with `run`, `seq`, and ids into `raw.names`.

    A run that has ended is asked where it lies; of one that goes on, what is new is copied into memory at each burst of
    questions, so that its writer does not wait for a page. Any thread may ask; questions take turns.

    Args:
        source: The log.
        run: Its number.

    Raises:
        UnknownRun: It is not there.
    """

    def __init__(self, source: Source, run: int) -> None:
        self.run = run
        self._source = source
        self._lock = threading.RLock()
        self._row = source.row(run)
        self._texts: dict[int, str] = {}
        self._copy: GrowingCopy | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None  # during a burst

    def __repr__(self) -> str:
        return f"RunView(run={self.run}, scenario={self._row.info.scenario!r}, seed={self._row.info.seed})"

    @property
    def row(self) -> RunRow:
        """The run as the log lists it now."""
        with self.burst():
            return self._row

    @property
    def is_live(self) -> bool:
        """Whether more may still come: it has not ended, and the process that writes it lives."""
        row = self.row
        return row.status == "running" and not is_abandoned(row)

    def acts(self) -> list[str]:
        """Return what was done by hand, as JSON, while the run has not ended; a run that has says it in its case."""
        return self._source.acts(self.run)

    @property
    def topology_json(self) -> str:
        """The system in which it ran, as JSON for `studio.graph`; empty in older logs."""
        return self._row.info.topology

    @property
    def span_ns(self) -> tuple[int, int]:
        """The first and the last instant of the run, of one that goes on as far as it is in the log."""
        with self.burst():
            row = self._row
            if row.status != "running" and row.end_ns:
                return 0, row.end_ns
            last = "(select max({at}) from raw.{table} where run = {run})"
            ends = [complete(last, at=Sql(_TIMES.get(table, "at_ns")), table=Sql(table), run=self.run)
                    for table in row.counts]  # fmt: skip
            found = self.ask("select greatest(0, {ends}) as at_ns", ends=Sql(", ".join(ends) or "0"))
            return 0, int(found["at_ns"][0])

    @contextmanager
    def burst(self) -> Iterator[Self]:
        """Ask several questions of one state of the run, and open its file once for all of them.

        Keep it short, and ask nothing of a world meanwhile: whoever writes the file waits, at most two seconds.

        Raises:
            LogLocked: Another process holds the file for too long.
            UnknownRun: The run was deleted.
        """
        with self._lock:
            if self._connection is not None:
                yield self
                return
            with self._source.opened() as connection:
                self._look_again()
                if self._source.is_asked_in_place(self._row):
                    self.close()
                    with self._asking(connection):
                        yield self
                    return
                copy = self._copy = self._copy or GrowingCopy(self._source.engine, self.run)
                is_little = self._row.records - copy.names_end <= COPIED_AT_ONCE
                if is_little:  # at every look, so that one opening serves all
                    self._source.catch_up(copy, (), self._row.records)
            if not is_little:
                self._source.catch_up(copy, (), self._row.records)
            with self._asking(copy.connection):
                yield self

    def ask(self, sql: str, /, *, names: Sequence[str] = (), **values: Value) -> pl.DataFrame:
        """Ask anything, in SQL of ours.

        Args:
            sql: With `{run}` and `{name}` for values, which are written as literals; see `complete`.
            names: Columns of the answer, single or lists, that hold ids of names; they are replaced by the names.
            values: For the template.
        """
        text = complete(sql, **{"run": self.run, **values})
        with self.burst():
            frame = self._answer(text)
            for column in names:
                frame = self._with_names(frame, column)
            return frame

    def where(self, alias: str = "") -> Conditions:
        """Begin the conditions of a question.

        Args:
            alias: Of the table, where the query gives it one.
        """
        return Conditions(self, alias)

    def page(
        self,
        table: str,
        fields: Sequence[str],
        where: Conditions | None = None,
        *,
        order: str = "seq",
        limit: int = 100,
        offset: int = 0,
    ) -> pl.DataFrame:
        """Return some rows of a table, with `seq`, names in full, seconds and hex ids.

        Rows are chosen by what they are chosen and sorted by; all else is read of those that are shown only.

        Args:
            table: Such as `spans`.
            fields: Of its record.
            where: None for all rows.
            order: Such as `seq desc` or `end_ns - start_ns desc`; rows that are equal stand in order of `seq`.
            limit: How many rows.
            offset: How many are passed over.
        """
        chosen = "select seq from raw.{table} where {where} order by {order} limit {limit} offset {offset}"
        with self.burst():
            where = where or self.where()
            last = "" if re.fullmatch(r"seq( desc| asc)?", order) else ", seq"
            found = self.ask(chosen, table=Sql(table), where=where.sql, order=Sql(order + last), limit=limit,
                             offset=offset)  # fmt: skip
            return self.rows(table, fields, found["seq"].to_list())

    def rows(self, table: str, fields: Sequence[str], seqs: Sequence[int]) -> pl.DataFrame:
        """Return rows of a table by their place in the run, in the order given, as `page` does."""
        import polars as pl

        named = {column.name for column in columns(table) if column.kind == "name"}
        frame = self.ask(
            "select seq, {fields} from raw.{table} where run = {run} and seq in {seqs}",
            fields=shown(*fields),
            table=Sql(table),
            seqs=seqs,
            names=[field for field in fields if field in named],
        )
        return pl.DataFrame({"seq": seqs}, schema={"seq": pl.Int64}).join(frame, on="seq", maintain_order="left")

    def count(self, table: str, where: Conditions | None = None, *, at_most: int = 10_000) -> Count:
        """Count rows, but not further than needed.

        Args:
            table: Such as `messages`.
            where: None for all rows.
            at_most: Where counting stops.
        """
        counted = "select count(*) as n from (select 1 from raw.{table} where {where} limit {limit})"
        with self.burst():
            conditions = (where or self.where()).sql
            found = int(self.ask(counted, table=Sql(table), where=conditions, limit=at_most + 1)["n"][0])
        return Count(min(found, at_most), found <= at_most)

    def names(self, table: str, column: str, *, limit: int = 1000) -> list[str]:
        """Return the names that occur in a column, sorted: what a filter offers."""
        found = self.ask(
            "select text from raw.names where run = {run} and text <> '' and id in "
            "(select distinct {column} from raw.{table} where run = {run}) order by text limit {limit}",
            column=Sql(f'"{column}"'),
            table=Sql(table),
            limit=limit,
        )
        return found["text"].to_list()

    def ids(self, *patterns: str, limit: int = 1000) -> list[int]:
        """Return the ids of names; `*` stands for any characters."""
        found = self.ask("{found} order by id limit {limit}", found=self.ids_query(*patterns), limit=limit)
        return found["id"].to_list()

    def ids_query(self, *patterns: str) -> Sql:
        """Return the query that `ids` asks, for `in (…)` where the names may be many."""
        plain = [pattern for pattern in patterns if "*" not in pattern]
        parts = [complete("text in {plain}", plain=plain)] if plain else []
        parts += [complete("text like {like} escape '\\'", like=like(each)) for each in patterns if "*" in each]
        either = Sql(" or ".join(parts) or "false")
        return complete("select id from raw.names where run = {run} and ({either})", run=self.run, either=either)

    def close(self) -> None:
        """Free the memory that a copy takes; the run can be asked on."""
        with self._lock:
            if self._copy is not None:
                self._copy.close()
            self._copy = None

    @contextmanager
    def _asking(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None

    def _look_again(self) -> None:
        row = self._source.row(self.run)
        if row.info.started != self._row.info.started:  # deleted, and its number given to another
            self.close()
            self._texts.clear()
        self._row = row

    def _answer(self, text: str) -> pl.DataFrame:
        assert self._connection is not None
        if self._copy is not None:
            self._source.catch_up(self._copy, re.findall(r"\braw\.(\w+)", text), self._row.records)
        return answer_of(self._connection, text)

    def _with_names(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        import polars as pl

        ids = frame[column].to_list()
        lists = isinstance(frame.schema[column], pl.List)
        flat = [each for some in ids if some is not None for each in some] if lists else ids
        self._learn(set(flat) - self._texts.keys() - {None})
        if lists:
            found = [None if some is None else [self._text(each) for each in some] for some in ids]
            return frame.with_columns(pl.Series(column, found, dtype=pl.List(pl.String)))
        return frame.with_columns(pl.Series(column, map(self._text, ids), dtype=pl.String))

    def _text(self, id_: int | None) -> str | None:
        return None if id_ is None else self._texts[id_]

    def _learn(self, ids: set[int]) -> None:
        if not ids:
            return
        if len(self._texts) + len(ids) > _TEXTS_MAX:
            self._texts.clear()
        found = self._answer(complete("select id, text from raw.names where run = {run} and id in {ids}",
                                      run=self.run, ids=sorted(ids)))  # fmt: skip
        self._texts.update(found.iter_rows())
