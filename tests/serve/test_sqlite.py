"""SQLite behind the port Storage, beyond the contract: durability, and what can be wrong with a file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from studio.errors import (
    DatabaseDamaged,
    DatabaseInUse,
    DatabaseLocked,
    DatabaseVersion,
    DiskFull,
    ForeignDatabase,
    StorageConflict,
    StorageUnavailable,
    UnusableDatabase,
)
from studio.ports import Write
from studio.serve.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "studio.sqlite"


def put(key: str, size: int = 0) -> Write:
    return Write("Shop", "orders", key, json.dumps("x" * size).encode())


async def test_what_was_committed_is_there_after_closing(path: Path) -> None:
    async with SqliteStorage(path) as storage:
        await storage.commit([put("a"), put("a")])
    async with SqliteStorage(path) as storage:
        assert await storage.commit([put("a", 1)]) == (3,)


WRITER = """
import asyncio, sys
from pathlib import Path
from studio.ports import Write
from studio.serve.sqlite import SqliteStorage

async def write(storage, task):
    for at in range(100_000):
        await storage.commit([Write("s", half, f"{task}-{at}", b"{}", expected=0) for half in ("left", "right")])
        sys.stdout.write(f"{task}-{at}\\n"); sys.stdout.flush()

async def main():
    storage = SqliteStorage(Path(sys.argv[1]))
    await asyncio.gather(*(write(storage, task) for task in range(8)))

asyncio.run(main())
"""


def killed_after(acknowledgements: int, path: Path) -> set[str]:
    """Return what a writing process had acknowledged when it was killed."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = {process.stdout.readline().strip() for _ in range(acknowledgements)}
        os.kill(process.pid, signal.SIGKILL)
        return acknowledged | {line.strip() for line in process.stdout if line.endswith("\n")}


async def test_a_killed_process_loses_nothing_acknowledged_and_leaves_no_half(path: Path) -> None:
    acknowledged = killed_after(100, path)
    async with SqliteStorage(path) as storage:
        left = {document.key for document in await storage.find("s", "left", limit=100_000)}
        right = {document.key for document in await storage.find("s", "right", limit=100_000)}
    assert left == right
    assert acknowledged <= left


async def test_a_cancelled_commit_is_all_or_nothing(path: Path) -> None:
    async with SqliteStorage(path) as storage:
        tasks = [asyncio.create_task(storage.commit([put(f"a{at}"), put(f"b{at}")])) for at in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        found = {document.key for document in await storage.find("Shop", "orders")}
    assert {key[1:] for key in found if key[0] == "a"} == {key[1:] for key in found if key[0] == "b"}
    assert {f"a{at}" for at in range(1, 50, 2)} <= found


async def test_one_conflict_in_a_shared_transaction_fails_alone(path: Path) -> None:
    async with SqliteStorage(path) as storage:
        commits = [storage.commit([put(f"{at}"), put("one", 0)._replace(expected=0)]) for at in range(10)]
        outcomes = await asyncio.gather(*commits, return_exceptions=True)
        found = await storage.find("Shop", "orders")
    assert sum(isinstance(outcome, StorageConflict) for outcome in outcomes) == 9
    assert len(found) == 2


async def test_a_lock_held_elsewhere_is_an_error_that_passes(path: Path) -> None:
    async with SqliteStorage(path, busy_timeout_s=0.01) as storage:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(DatabaseLocked) as caught:
            await storage.commit([put("a")])
        other.rollback()
        other.close()
        assert await storage.commit([put("a")]) == (1,)
    assert caught.value.code == "STU801"
    assert isinstance(caught.value, StorageUnavailable)


async def test_a_full_disk_keeps_what_was_committed(path: Path) -> None:
    async with SqliteStorage(path) as storage:
        await storage.commit([put("small")])
        storage._writer.connection.driver_connection.execute("pragma max_page_count = 20")  # type: ignore[union-attr]  # noqa: SLF001 - as a disk with 20 pages
        outcomes = await asyncio.gather(
            storage.commit([put("big", 200_000)]), storage.commit([put("other")]), return_exceptions=True
        )
        assert isinstance(outcomes[0], DiskFull)
        assert outcomes[1] == (1,)
        assert [document.key for document in await storage.find("Shop", "orders")] == ["other", "small"]


async def test_two_do_not_serve_from_one_file(path: Path) -> None:
    async with SqliteStorage(path):
        with pytest.raises(DatabaseInUse) as caught:
            SqliteStorage(path)
    assert caught.value.pid == str(os.getpid())
    await SqliteStorage(path).close()


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"precious" * 1000)
    with pytest.raises(ForeignDatabase):
        SqliteStorage(path)
    assert path.read_bytes() == b"precious" * 1000


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("create table precious (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ForeignDatabase):
        SqliteStorage(path)
    assert path.read_bytes() == before


async def test_a_later_versions_database_is_refused(path: Path) -> None:
    await SqliteStorage(path).close()
    with sqlite3.connect(path) as other:
        other.execute("pragma user_version = 7")
    other.close()
    with pytest.raises(DatabaseVersion) as caught:
        SqliteStorage(path)
    assert (caught.value.found, caught.value.known) == (7, 1)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableDatabase):
        SqliteStorage(tmp_path / "file" / "studio.sqlite")


def test_a_folder_is_no_database(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(UnusableDatabase):
        SqliteStorage(path)


async def test_a_closed_storage_says_so(path: Path) -> None:
    storage = SqliteStorage(path)
    await storage.close()
    await storage.close()
    with pytest.raises(StorageUnavailable):
        await storage.commit([put("a")])
    with pytest.raises(StorageUnavailable):
        await storage.get("Shop", "orders", "a")


async def test_too_many_waiting_commits_are_refused(path: Path) -> None:
    async with SqliteStorage(path, waiting=5) as storage:
        commits = [storage.commit([put(str(at))]) for at in range(50)]
        outcomes = await asyncio.gather(*commits, return_exceptions=True)
        kept = {document.key for document in await storage.find("Shop", "orders")}
    assert sum(isinstance(outcome, StorageUnavailable) for outcome in outcomes) == 50 - len(kept)
    assert len(kept) >= 5


async def test_commits_are_synced_to_disk(path: Path) -> None:
    async with SqliteStorage(path) as storage:
        pragma = storage._writer.exec_driver_sql  # noqa: SLF001 - what the file's header does not tell
        with storage._writer.begin():  # noqa: SLF001
            assert pragma("pragma synchronous").scalar() == 2
            assert pragma("pragma journal_mode").scalar() == "wal"


async def test_a_damaged_file_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "studio.sqlite"
    async with SqliteStorage(file) as storage:
        await storage.commit(
            [Write("Shop", "orders", f"{number:04d}", b'"' + b"x" * 500 + b'"') for number in range(500)]
        )
    content = bytearray(file.read_bytes())
    for at in range(8192, len(content), 4096):
        content[at : at + 100] = b"\xaa" * 100
    file.write_bytes(content)
    async with SqliteStorage(file) as storage:
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            await storage.find("Shop", "orders", limit=1000)
