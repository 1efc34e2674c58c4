"""Readiness: what must be there, and what must work, before requests come here."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import StorageUnavailable
from studio.graph.build import Graph
from studio.graph.system import System
from studio.serve.environment import EnvironmentSettings
from studio.serve.exposition import Exposition
from studio.serve.needs import Needs
from studio.serve.probes import Probes
from studio.simulation.cluster.memory import MemoryStorage
from studio.source.directory import read

if TYPE_CHECKING:
    from tests.serve.conftest import ManualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def graph(root: Path) -> Graph:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return system.build().graph


class Full(MemoryStorage):
    """A disk that takes nothing while it is full."""

    is_full = True

    async def commit(self, writes: Any) -> tuple[int, ...]:
        if self.is_full:
            raise StorageUnavailable(space="$probe", reason="disk full")
        return await super().commit(writes)


def probes(graph: Graph, clock: ManualClock, environment: dict[str, str], storage: MemoryStorage) -> Probes:
    assembly: Any = SimpleNamespace(parts=SimpleNamespace(storage=storage, clock=clock), health={})
    return Probes(assembly, Exposition(), Needs(graph, EnvironmentSettings(environment)))


async def ready(probes: Probes) -> tuple[int, dict[str, str]]:
    answer = await probes.answer("/readyz")
    assert answer is not None
    return answer.status, json.loads(answer.body)["findings"]


async def test_a_secret_that_is_missing_is_named_with_the_remedy(graph: Graph, clock: ManualClock) -> None:
    status, findings = await ready(probes(graph, clock, {}, MemoryStorage()))
    assert (status, list(findings)) == (503, ["CARDS_KEY"])  # settings with a default are not missed
    assert "payment.py: set CARDS_KEY, or CARDS_KEY_FILE to a file" in findings["CARDS_KEY"]


async def test_a_secret_that_comes_later_is_seen(graph: Graph, clock: ManualClock) -> None:
    environment: dict[str, str] = {}
    asked = probes(graph, clock, environment, MemoryStorage())
    assert (await ready(asked))[0] == 503
    environment["CARDS_KEY"] = "k"
    assert await ready(asked) == (200, {})


async def test_a_secrets_file_that_cannot_be_read_is_a_finding(
    graph: Graph, clock: ManualClock, tmp_path: Path
) -> None:
    environment = {"CARDS_KEY_FILE": str(tmp_path / "none")}
    _, findings = await ready(probes(graph, clock, environment, MemoryStorage()))
    assert "CARDS_KEY_FILE names a file that cannot be read" in findings["CARDS_KEY"]


async def test_a_storage_that_takes_no_write_is_not_ready(graph: Graph, clock: ManualClock) -> None:
    storage = Full()
    asked = probes(graph, clock, {"CARDS_KEY": "k"}, storage)
    status, findings = await ready(asked)
    assert (status, "disk full" in findings["storage"]) == (503, True)
    storage.is_full = False
    assert (await ready(asked))[0] == 503  # the disk is tried every few seconds, however often somebody asks
    await clock.advance(5)
    assert await ready(asked) == (200, {})
