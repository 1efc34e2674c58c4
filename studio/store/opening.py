"""Open the log's file for one batch at a time: wait for other processes, bring old forms forward, say what is wrong."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import LogLocked, LogMissing, LogUnwritable, LogVersion, NotALog
from studio.store.queries import literal
from studio.store.schema import MIGRATIONS, VERSION

if TYPE_CHECKING:
    import duckdb

    from studio.errors import StudioError

__all__ = ["OWN_PROCESS", "attached", "opened"]

OWN_PROCESS = "another thread"
"""Who holds the file, where that is this very process: it lets go in a moment."""
_PAUSE_S = 0.05
_LOCKED = re.compile(
    r"Could not set lock on file|different configuration|Unique file handle|being used by another process"
)
_NEWER = re.compile(r"database file with version number (\d+)|file was created with .* version", re.IGNORECASE)
_ALIEN = re.compile(
    r"not a valid DuckDB database file|Invalid Error: Failed to deserialize|checksum|Could not read enough bytes",
    re.IGNORECASE,
)

_in_process: dict[Path, threading.RLock] = {}  # DuckDB lets one process open a file twice; two writers would conflict


@contextmanager
def opened(file: Path, *, patience_s: float, pending: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file in a transaction that is committed at the end and rolled back on any error.

    Args:
        file: Made when it does not exist.
        patience_s: How long to wait while another process holds it.
        pending: Records that wait to be written, for the error.

    Raises:
        LogLocked: Another process holds it still.
        LogVersion: It has a form that we do not know.
        NotALog: It is something else.
        LogUnwritable: The disk is full, or the file cannot be reached.
    """
    import duckdb

    with _turn(file, patience_s):
        connection = _connect(file, patience_s, pending)
        try:
            _bring_forward(connection, file)
            connection.execute("begin")
            yield connection
            connection.execute("commit")
        except duckdb.Error as error:
            raise _coded(error, file, pending) from error
        finally:
            _close(connection)


@contextmanager
def attached(engine: duckdb.DuckDBPyConnection, file: Path, *, patience_s: float) -> Iterator[int]:
    """Let an engine in memory read the file as the database `log`; until the end nobody writes it.

    Args:
        engine: With its own settings; nothing in the file is changed, also not its form.
        file: Its path.
        patience_s: How long to wait while another process holds it.

    Yields:
        The file's form.

    Raises:
        LogMissing: It does not exist.
        LogLocked: Another process holds it still.
        LogVersion: It has a form that we do not know.
        NotALog: It is something else.
        LogUnwritable: It cannot be reached.
    """
    import duckdb

    if not file.exists():
        raise LogMissing(file=str(file))
    with _turn(file, patience_s):
        attach = f"attach {literal(str(file))} as log (read_only)"
        _patiently(lambda: engine.execute(attach), file, patience_s, 0)
        try:
            found = _version(engine, file, "log")
            if not 0 < found <= VERSION:
                raise _unknown(file, found)
            yield found
        except duckdb.IOException as error:
            raise _coded(error, file, 0) from error
        finally:
            engine.execute("detach log")


@contextmanager
def _turn(file: Path, patience_s: float) -> Iterator[None]:
    """Wait for the other threads of this process, which are soon done; who has no patience at all does not."""
    turn = _in_process.setdefault(file.resolve(), threading.RLock())
    if not turn.acquire(blocking=patience_s > 0):
        raise LogLocked(file=str(file), holder=OWN_PROCESS)
    try:
        yield
    finally:
        turn.release()


def _unknown(file: Path, form: int) -> StudioError:
    if form:
        return LogVersion(file=str(file), found=str(form), known=VERSION)
    return NotALog(file=str(file), reason="it has no tables")


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    import duckdb

    try:
        connection.close()  # rolls back what was not committed
    except duckdb.Error:  # a checkpoint that finds no room: what was committed stands in the write-ahead log
        return


def _connect(file: Path, patience_s: float, pending: int) -> duckdb.DuckDBPyConnection:
    import duckdb

    # One thread: with more, each insert of a batch pays for waking them (four times the time, measured).
    config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "python_enable_replacements": False}
    return _patiently(lambda: duckdb.connect(str(file), config=config), file, patience_s, pending)


def _patiently(
    take: Callable[[], duckdb.DuckDBPyConnection], file: Path, patience_s: float, pending: int
) -> duckdb.DuckDBPyConnection:
    import duckdb

    _refuse_aliens(file)
    waited_until = time.monotonic() + patience_s
    while True:
        try:
            return take()
        except duckdb.Error as error:
            if not _LOCKED.search(str(error)) or time.monotonic() >= waited_until:
                raise _coded(error, file, pending) from error
        time.sleep(_PAUSE_S)


def _refuse_aliens(file: Path) -> None:
    """Look at the first bytes ourselves: given a file of SQLite, DuckDB would fetch an extension from the network."""
    try:
        with file.open("rb") as stream:
            head = stream.read(16)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LogUnwritable(file=str(file), reason=error.strerror or "cannot be opened", records=0) from error
    if head[8:12] != b"DUCK":
        raise NotALog(file=str(file), reason="it is empty" if not head else "it is no DuckDB file")


def _coded(error: duckdb.Error, file: Path, pending: int) -> StudioError:
    text = str(error)
    if _LOCKED.search(text):
        found = re.search(r"PID (\d+)", text)
        return LogLocked(file=str(file), holder=f"process {found[1]}" if found else "another connection")
    if newer := _NEWER.search(text):
        return LogVersion(file=str(file), found=f"DuckDB {newer[1] or 'of a later version'}", known=VERSION)
    if _ALIEN.search(text):
        return NotALog(file=str(file), reason="it is damaged, or no DuckDB file")
    reason = text.splitlines()[0].partition(": ")[2].replace(str(file), file.name)
    return LogUnwritable(file=str(file), reason=reason, records=pending)


def _bring_forward(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    found = _version(connection, file)
    if found > VERSION:
        raise LogVersion(file=str(file), found=str(found), known=VERSION)
    if found == VERSION:
        return
    connection.execute("begin")
    for migration in MIGRATIONS[found:VERSION]:
        for statement in migration():
            connection.execute(statement)
    connection.execute(f"create or replace table studio_log as select {VERSION} as version")
    connection.execute("commit")


def _version(connection: duckdb.DuckDBPyConnection, file: Path, database: str = "") -> int:
    import duckdb

    place = f"{database}.main." if database else ""
    try:
        row = connection.execute(f"select version from {place}studio_log").fetchone()  # noqa: S608 - our own names
    except duckdb.CatalogException:
        of = f"where database_name = '{database}'" if database else ""
        tables = connection.execute(
            f"select table_name from duckdb_tables() {of} order by all limit 3"  # noqa: S608 - our own names
        ).fetchall()
        if tables:
            names = ", ".join(str(table) for (table,) in tables)
            raise NotALog(file=str(file), reason=f"its tables are {names}") from None
        return 0
    return int(row[0]) if row else 0
