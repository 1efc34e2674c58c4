"""Run DuckDB inside this process: one engine in memory for all queries over runs, and the passage to and from Polars.

The engine is deterministic and sealed: one thread (so that sums of floats and unsorted rows come out the same), no
files, no network, no Python variables, UTC. Frames cross by Arrow's C interface, so that pyarrow is not needed.
"""

from __future__ import annotations

import itertools
import os
import threading
from typing import TYPE_CHECKING, Any

from studio.store.queries import LOAD, LOAD_TEXT, fill

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["Stream", "detach", "frame_of", "load_frame", "load_libraries", "open_memory"]

_SEAL = (
    "set enable_external_access = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set python_enable_replacements = false",
    "set TimeZone = 'UTC'",
)
_TEXT_ROWS = 32
"""Rows up to which text is the cheaper way into DuckDB."""
_lock = threading.Lock()
_engines: dict[int, duckdb.DuckDBPyConnection] = {}  # by process id: a forked child must not use its parent's
_ordinals = itertools.count(1)


class Stream:
    """Hand a frame to DuckDB by Arrow's stream interface (given the frame itself, DuckDB asks for pyarrow)."""

    __slots__ = ("frame",)

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.frame.__arrow_c_stream__(requested_schema)


def load_libraries() -> None:
    """Load DuckDB and Polars now, where waiting until they are needed could leave them half loaded."""
    import duckdb  # noqa: F401 - to have it in memory
    import polars as pl  # noqa: F401 - likewise


def frame_of(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """Run a relation and return its rows."""
    import polars as pl

    return pl.DataFrame(relation)


def load_frame(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Add a frame's rows to `rows.<table>`.

    A few rows go as text: at each frame that it is handed, DuckDB looks for pyarrow on the disk.
    """
    values = _values(frame) if len(frame) <= _TEXT_ROWS else ""
    if values:
        connection.execute(fill(LOAD_TEXT, table=table, rows=values))
        return
    connection.register("batch", Stream(frame))
    connection.execute(fill(LOAD, table=table))
    connection.unregister("batch")


def _values(frame: pl.DataFrame) -> str:
    """Write rows as SQL; empty where a value has no literal that is read back as the very same."""
    found = []
    for row in frame.iter_rows():
        texts = list(map(_literal, row))
        if "" in texts:
            return ""
        found.append(f"({', '.join(texts)})")
    return ", ".join(found)


def _literal(value: object) -> str:
    match value:
        case bool():
            return ""
        case int():
            return str(value)
        case str() if "\0" not in value:
            return "'" + value.replace("'", "''") + "'"
        case _:
            return ""  # a real, too: SQL reads 0.1 as a decimal


def open_memory() -> tuple[duckdb.DuckDBPyConnection, str]:
    """Open a fresh database in memory, at about a millisecond once the engine runs.

    Returns:
        A connection that uses the database, and the database's name for `detach`.
    """
    with _lock:
        engine = _engine()
        name = f"run_{next(_ordinals)}"
        engine.execute(f"attach ':memory:' as {name}")
        cursor = engine.cursor()
    cursor.execute(f"use {name}")
    return cursor, name


def detach(name: str) -> None:
    """Drop a database in memory with all that it holds; nothing happens where it is gone."""
    import duckdb

    with _lock:
        engine = _engines.get(os.getpid())
        if engine is not None:
            try:
                engine.execute(f"detach database if exists {name}")
            except duckdb.Error:  # the interpreter is going down, or a query still runs on it: memory ends with it
                return


def _engine() -> duckdb.DuckDBPyConnection:
    process = os.getpid()
    if process not in _engines:
        import duckdb

        engine = duckdb.connect(":memory:", config={"threads": 1})
        for statement in _SEAL:
            engine.execute(statement)
        _engines[process] = engine
    return _engines[process]
