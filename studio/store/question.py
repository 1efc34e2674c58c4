"""Answer an author's SQL: one read-only statement, errors told in the author's own lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from studio.errors import InvalidQuery, QueryWrites, Where, nearest
from studio.store.engine import frame_of

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["answer", "has_rows", "narrowed", "statement_of"]

_READS = {"SELECT", "EXPLAIN"}


def statement_of(
    connection: duckdb.DuckDBPyConnection, text: str, *, views: Iterable[str], cell: str
) -> duckdb.Statement:
    """Parse a query and refuse whatever is not one reading statement.

    Args:
        connection: Parses; nothing is run.
        text: The author's.
        views: What there is to ask, for errors.
        cell: Where the text stands, for errors.

    Raises:
        InvalidQuery: It cannot be parsed, or is not one statement.
        QueryWrites: It would change something.
    """
    import duckdb

    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise _coded(error, text, views, cell) from error
    if len(statements) != 1:
        message = "the query is empty" if not statements else f"the query has {len(statements)} statements"
        raise InvalidQuery(
            message=message, excerpt="", advice="Write one `select`.", line=1, where=Where(cell) if cell else None
        )
    kind = statements[0].type.name
    if kind not in _READS:
        raise QueryWrites(statement=kind.lower(), views=", ".join(views), where=Where(cell, 1) if cell else None)
    return statements[0]


def answer(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    parameters: Mapping[str, Any],
    *,
    views: Iterable[str],
    cell: str,
) -> pl.DataFrame:
    """Run a query that `statement_of` has passed.

    Args:
        connection: Uses the run's database.
        text: The author's.
        parameters: For `$name` in it.
        views: What there is to ask, for errors.
        cell: Where the text stands, for errors.

    Returns:
        Its rows; sums of integers are integers again, which DuckDB makes as wide as decimals.

    Raises:
        InvalidQuery: It names what does not exist, or fails on the data.
    """
    import duckdb

    try:
        relation = connection.sql(text, params=dict(parameters)) if parameters else connection.sql(text)
        return narrowed(frame_of(relation))
    except duckdb.Error as error:
        raise _coded(_with_lines(connection, text, parameters, error), text, views, cell) from error


def has_rows(connection: duckdb.DuckDBPyConnection, text: str, *, views: Iterable[str], cell: str) -> bool:
    """Tell whether a query that `statement_of` has passed gives any row, without making a frame of them.

    Args:
        connection: Uses the run's database.
        text: The author's.
        views: What there is to ask, for errors.
        cell: Where the text stands, for errors.

    Raises:
        InvalidQuery: It names what does not exist, or fails on the data.
    """
    import duckdb

    try:
        return connection.execute(text).fetchone() is not None
    except duckdb.Error as error:
        raise _coded(error, text, views, cell) from error


def _with_lines(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any], error: duckdb.Error
) -> duckdb.Error:
    """Run the query once more, as it stands: a relation is told from the rewritten text, without the author's lines."""
    import duckdb

    try:
        connection.execute(text, dict(parameters))
    except duckdb.Error as again:
        return again
    return error


def narrowed(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn sums of integers, which DuckDB makes as wide as decimals, into integers again."""
    import polars as pl

    wide = [name for name, kind in frame.schema.items() if kind == pl.Decimal(38, 0)]
    for name in wide:
        narrow = frame[name].cast(pl.Int64, strict=False)
        if narrow.null_count() == frame[name].null_count():
            frame = frame.with_columns(narrow)
    return frame


def _coded(error: duckdb.Error, text: str, views: Iterable[str], cell: str) -> InvalidQuery:
    told = str(error)
    found = re.search(r"^LINE (\d+):", told, re.MULTILINE)
    line = int(found[1]) if found else 1
    lines = text.splitlines()
    excerpt = f"\n  {line} | {lines[line - 1].strip()}" if found and line <= len(lines) else ""
    return InvalidQuery(
        message=told.splitlines()[0],
        excerpt=excerpt,
        advice=_advice(told, views),
        line=line,
        where=Where(cell, line) if cell else None,
    )


def _advice(told: str, views: Iterable[str]) -> str:
    if missing := re.search(r"(?:Table|Schema|View) with name \"?([\w.]+)\"? does not exist", told):
        return f"There is no such view. Nearest: {nearest(missing[1], views, limit=5)}."
    if columns := re.search(r"Candidate bindings: (.*)", told):
        return f"Nearest columns: {columns[1].replace(chr(34), '')}."
    if functions := re.search(r"Did you mean (.*)", told):
        return f"Did you mean {functions[1]}"
    return f"Mend the query; the views are {', '.join(views)}."
