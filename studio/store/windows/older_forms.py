"""Show a file of an older form as if it had the present one, without changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.store.schema import MIGRATIONS
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import duckdb

__all__ = ["make_forward"]

_COLUMNS = """
select schema_name, table_name, column_name, data_type
from duckdb_columns() join duckdb_tables() using (database_name, schema_name, table_name)
where database_name = {database} order by column_index
"""


def make_forward(engine: duckdb.DuckDBPyConnection, form: int) -> str:
    """Make a database in which every table of the present form stands: the file's own, or empty where it has none.

    Args:
        engine: Has the file attached as `log`; the database is made once and stays.
        form: The file's.

    Returns:
        The database's name.
    """
    database = f"forward_{form}"
    known = "select 1 from duckdb_databases() where database_name = {database}"
    if engine.execute(complete(known, database=database)).fetchone() is None:
        engine.execute(f"attach ':memory:' as {database}")
        with engine.cursor() as cursor:
            cursor.execute(f"use {database}")
            _make(cursor, database)
    return database


def _make(cursor: duckdb.DuckDBPyConnection, database: str) -> None:
    for migration in MIGRATIONS:
        for statement in migration():
            cursor.execute(statement)
    there, wanted = _columns(cursor, "log"), _columns(cursor, database)
    for place in sorted(there.keys() & wanted.keys()):
        fields = (_field(name, kind, there[place]) for name, kind in wanted[place].items())
        table, shown = Sql(".".join(place)), Sql(", ".join(fields))
        cursor.execute(complete("drop table {table}", table=table))
        cursor.execute(complete("create view {table} as select {shown} from log.{table}", table=table, shown=shown))


def _columns(cursor: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in cursor.execute(complete(_COLUMNS, database=database)).fetchall():
        found.setdefault((schema, table), {})[column] = kind
    return found


def _field(name: str, kind: str, there: dict[str, str]) -> str:
    """Select a column; one that the file lacks is empty, as its migration would have it."""
    if name in there:
        return f'"{name}"'
    return f"""{"''" if kind == "VARCHAR" else "0"}::{kind} as "{name}\""""
