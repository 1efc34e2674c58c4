"""Keep documents in one SQLite file, durably: what `commit` acknowledged outlives the process and the machine's power.

The file is in WAL mode with `synchronous=FULL`. One thread of our own writes, another reads, so the event loop never
waits for a disk. Commits that are waiting when the writer comes round share one transaction, each in a savepoint of its
own: one conflict fails one of them, and one sync to disk serves all.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from studio.errors import (
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseVersion,
    DiskFull,
    ForeignDatabase,
    StorageUnavailable,
    StudioError,
    UnusableDatabase,
)
from studio.ports import Document, Write
from studio.serve.claim import Claim
from studio.serve.documents import METADATA, Search, apply_write, get_document, search_documents

__all__ = ["SqliteStorage"]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x53747564  # "Stud", in the file's header
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Outcome = tuple[int, ...] | Exception
Pending = tuple[Sequence[Write], "Future[tuple[int, ...]]"]
Result = TypeVar("Result")


class SqliteStorage:
    """Implement `studio.ports.Storage` on a SQLite file.

    A crash or a cancellation during `commit` leaves all or none of its writes; once it has returned, they stay.

    Args:
        path: The file; made, with its folder, where there is none.
        busy_timeout_s: How long to wait while another process holds the write lock.
        batch: Commits that may share one transaction.
        waiting: Commits that may wait for the writer; more are refused.

    Raises:
        DatabaseDamaged: It cannot be read.
        DatabaseInUse: Another process serves from it.
        DatabaseLocked: Another process holds its write lock.
        DatabaseVersion: A later Studio wrote it.
        ForeignDatabase: It is no database, or not ours.
        UnusableDatabase: It cannot be opened.

    Example:
        async with SqliteStorage(Path("orders.sqlite")) as storage: ...
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 2.0, batch: int = 64, waiting: int = 10_000) -> None:
        self.path = path
        self._busy_timeout_s, self._batch, self._waiting = busy_timeout_s, batch, waiting
        self._pending: deque[Pending] = deque()
        self._is_closed = False
        self._claim = _claimed(path)
        try:
            self._writer = self._connect("begin immediate")
            self._reader = self._connect("begin")
        except BaseException:
            self._claim.release()
            raise
        self._writing = ThreadPoolExecutor(1, "studio-storage-writer")
        self._reading = ThreadPoolExecutor(1, "studio-storage-reader")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish the commits under way and close the file; may be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._shut)

    async def get(self, space: str, collection: str, key: str) -> Document | None:
        """Return the committed document, or None."""
        return await self._read(space, partial(get_document, space=space, collection=collection, key=key))

    async def find(
        self,
        space: str,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        prefix: str = "",
        limit: int = 1000,
        after: str = "",
    ) -> list[Document]:
        """Return committed documents in the order of their keys; see `studio.ports.Storage`."""
        search = Search(space, collection, where or {}, prefix, after, limit)
        return await self._read(space, partial(search_documents, search=search))

    async def commit(self, writes: Sequence[Write]) -> tuple[int, ...]:
        """Apply all writes or none, and return the new versions; see `studio.ports.Storage`."""
        if not writes:
            return ()
        self._check_open(writes[0].space)
        if len(self._pending) >= self._waiting:
            raise StorageUnavailable(space=writes[0].space, reason=f"{self._waiting} commits are waiting")
        done: Future[tuple[int, ...]] = Future()
        self._pending.append((writes, done))
        self._writing.submit(self._drain)
        return await asyncio.wrap_future(done)

    # -- in the threads ---------------------------------------------------------------------------------------------

    async def _read(self, space: str, work: Callable[[Connection], Result]) -> Result:
        self._check_open(space)
        return await asyncio.wrap_future(self._reading.submit(self._with_reader, space, work))

    def _with_reader(self, space: str, work: Callable[[Connection], Result]) -> Result:
        try:
            with self._reader.begin():
                return work(self._reader)
        except DBAPIError as error:
            raise self._translated(error, space) from error

    def _drain(self) -> None:
        """Commit what waits; every `commit` asks for one, and the first one round may serve many."""
        batch: list[Pending] = []
        while self._pending and len(batch) < self._batch:
            pending = self._pending.popleft()
            if pending[1].set_running_or_notify_cancel():
                batch.append(pending)
        if not batch:
            return
        try:
            outcomes = self._commit_together([writes for writes, _ in batch])
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait are told
            outcomes = [error if isinstance(error, Exception) else RuntimeError(type(error).__name__)] * len(batch)
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                done.set_exception(outcome)
            else:
                done.set_result(outcome)

    def _commit_together(self, batch: list[Sequence[Write]]) -> list[Outcome]:
        try:
            with self._writer.begin():
                return [self._apply(writes) for writes in batch]
        except DBAPIError as error:
            if len(batch) == 1:
                return [self._translated(error, batch[0][0].space)]
        # One of them may be what the database chokes on: each alone, so that the others are not refused for it.
        return [outcome for writes in batch for outcome in self._commit_together([writes])]

    def _apply(self, writes: Sequence[Write]) -> Outcome:
        # Not `begin_nested`: a full disk ends the whole transaction, and undoing a savepoint then hides the true error.
        self._writer.exec_driver_sql("savepoint one")
        outcome: Outcome
        try:
            outcome = tuple(apply_write(self._writer, write) for write in writes)
        except StudioError as error:
            self._writer.exec_driver_sql("rollback to one")
            outcome = error
        self._writer.exec_driver_sql("release one")
        return outcome

    def _translated(self, error: DBAPIError, space: str) -> StorageUnavailable:
        """Say in our own words what SQLite refused; its text stays in the cause."""
        code = _primary_code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            waited = f"{self._busy_timeout_s:g} s"
            return DatabaseLocked(file=self.path.name, space=space, reason="locked", waited=waited)
        if code in _DAMAGED:
            return DatabaseDamaged(file=self.path.name, space=space, reason=str(error.orig))
        if code == sqlite3.SQLITE_FULL:
            return DiskFull(file=self.path.name, space=space, reason="disk full")
        return StorageUnavailable(space=space, reason=f"{self.path.name}: {error.orig}")

    # -- opening and closing ----------------------------------------------------------------------------------------

    def _connect(self, begin: str) -> Connection:
        def connect() -> sqlite3.Connection:
            # Opened here, used by one thread only; SQLAlchemy says when a transaction begins, not the driver.
            connection = sqlite3.connect(
                self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
            )
            connection.execute("pragma synchronous = full")
            return connection

        engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        try:
            return self._opened(engine)
        except (DBAPIError, sqlite3.Error) as error:
            raise self._refused(error) from error

    def _opened(self, engine: Engine) -> Connection:
        connection = engine.connect()
        try:
            found = _header(connection, self.path)
            if found != SCHEMA_VERSION:
                _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refused(self, error: DBAPIError | sqlite3.Error) -> StudioError:
        code, file, text = _primary_code(error), self.path.name, str(getattr(error, "orig", error))
        if code == sqlite3.SQLITE_NOTADB:
            return ForeignDatabase(file=file, reason="it is no SQLite file")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            waited = f"{self._busy_timeout_s:g} s"
            return DatabaseLocked(file=file, space="all", reason="locked", waited=waited)
        if code == sqlite3.SQLITE_CORRUPT:
            return DatabaseDamaged(file=file, space="all", reason=text)
        return UnusableDatabase(file=file, reason=text)

    def _check_open(self, space: str) -> None:
        if self._is_closed:
            raise StorageUnavailable(space=space, reason=f"{self.path.name} is closed")

    def _shut(self) -> None:
        for executor, connection in ((self._reading, self._reader), (self._writing, self._writer)):
            executor.shutdown(wait=True)
            connection.close()
        self._claim.release()


def _claimed(path: Path) -> Claim:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabase(file=path.name, reason=error.strerror or "no folder") from error
    return Claim(path)


def _header(connection: Connection, path: Path) -> int:
    """Return the file's schema version, 0 for an empty file.

    Raises:
        ForeignDatabase: Somebody else's tables are in it.
        DatabaseVersion: It is later than ours.
    """
    with connection.begin():
        application = connection.exec_driver_sql("pragma application_id").scalar_one()
        version = int(connection.exec_driver_sql("pragma user_version").scalar_one())
        tables = connection.exec_driver_sql("select count(*) from sqlite_master").scalar_one()
    if application != APPLICATION_ID and (tables or application or version):
        raise ForeignDatabase(file=path.name, reason="it holds the tables of another program")
    if version > SCHEMA_VERSION:
        raise DatabaseVersion(file=path.name, found=version, known=SCHEMA_VERSION)
    return version


def _prepare(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("pragma journal_mode = wal")  # stays with the file; refused within a transaction
    with connection.begin():
        METADATA.create_all(connection)
        connection.exec_driver_sql(f"pragma application_id = {APPLICATION_ID}")
        connection.exec_driver_sql(f"pragma user_version = {SCHEMA_VERSION}")


def _primary_code(error: DBAPIError | sqlite3.Error) -> int:
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return int(code) & 0xFF
