"""The simulator's storage beyond the contract: time travel, and no waiting."""

from __future__ import annotations

import pytest

from studio.errors import UniqueViolation
from studio.ports import Write
from studio.simulation.cluster.memory import MemoryStorage

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def write(key: str, mail: str) -> Write:
    return Write("Shop", "users", key, b"{}", unique=(("mail", mail),))


async def test_restoring_goes_back_and_can_be_repeated() -> None:
    storage = MemoryStorage()
    await storage.commit([write("a", "ada")])
    snapshot = storage.snapshot()
    for _ in range(2):
        await storage.commit([write("a", "bob"), write("b", "ada")])
        storage.restore(snapshot)
        assert [(found.key, found.version) for found in await storage.find("Shop", "users")] == [("a", 1)]
        with pytest.raises(UniqueViolation):
            await storage.commit([write("b", "ada")])


async def test_a_snapshot_can_start_another_storage() -> None:
    storage, other = MemoryStorage(), MemoryStorage()
    await storage.commit([write("a", "ada")])
    other.restore(storage.snapshot())
    await other.commit([Write("Shop", "users", "a", None)])
    assert await storage.get("Shop", "users", "a") is not None


def test_commit_and_find_never_suspend() -> None:
    storage = MemoryStorage()
    for operation in (storage.commit([write("a", "ada"), write("b", "bob")]), storage.find("Shop", "users")):
        with pytest.raises(StopIteration):
            operation.send(None)
