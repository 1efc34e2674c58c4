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


def make_forward(engine: duckdb.DuckDBPyConnection) -> str:
    """Make a database in which every table of the present form stands: the file's own, or empty where it has none.

    Args:
        engine: Has the file attached as `log`; the database is made once and stays.

    Returns:
        The database's name.
    """
    known = engine.execute("select 1 from duckdb_databases() where database_name = 'forward'").fetchone()
    if known is None:
        engine.execute("attach ':memory:' as forward")
    cursor = engine.cursor()
    try:
        cursor.execute("use forward")
        if known is None:
            _make(cursor)
    finally:
        cursor.close()
    return "forward"


def _make(cursor: duckdb.DuckDBPyConnection) -> None:
    for migration in MIGRATIONS:
        for statement in migration():
            cursor.execute(statement)
    there, wanted = _columns(cursor, "log"), _columns(cursor, "forward")
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
