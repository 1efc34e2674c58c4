"""What is forgotten, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from studio.errors import StorageUnavailable
from studio.graph.build import Graph
from studio.graph.system import System
from studio.ports import Envelope, Write
from studio.runtime.answers import inbox_write
from studio.runtime.saga.history import Entry
from studio.runtime.saga.journal import SagaInstance
from studio.serve.backlog import Parcel
from studio.serve.sweep import KEPT_NS, Sweep
from studio.simulation.cluster.memory import MemoryStorage
from studio.source.cell import cell_from_text

if TYPE_CHECKING:
    from tests.serve.conftest import ManualClock

pytestmark = pytest.mark.anyio

HOUR_NS = 3600 * 10**9
CELLS = (
    "%%contracts things\nclass Thing(Contract):\n    id: str\n\nevent($.Thing.made, Thing, key='id')",
    """%%service Shop
@service.operation($.Shop.sell, idempotent=True, window="1h")
async def sell(thing: Thing) -> Thing:
    return thing

@service.on($.Thing.made, idempotent=True)
async def made(thing: Thing) -> None: ...
""",
    """%%saga Sale --on $.Thing.made
@saga.step()
async def sell(thing: Thing) -> Thing:
    return await call($.Shop.sell, thing)

@sell.compensation
async def give_back(thing: Thing, done: Thing | None) -> None: ...
""",
)
INSTANCE = SagaInstance("", "Sale", "1", "", 1, 1, "{}", "", 1, 1, 1, 1, "", 0)


@pytest.fixture(scope="module")
def graph() -> Graph:
    system = System()
    system.define_all(source for text in CELLS if (source := cell_from_text(text)) is not None)
    return system.build().graph


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def sweep(graph: Graph, storage: MemoryStorage, clock: ManualClock) -> Sweep:
    return Sweep(graph, storage, clock)


async def keys(storage: MemoryStorage, space: str, collection: str) -> list[str]:
    return [document.key for document in await storage.find(space, collection)]


def event(message: int) -> Envelope:
    return Envelope(message, "event", "Thing.made", b"{}", "world")


async def test_answers_go_when_their_window_is_over(sweep: Sweep, storage: MemoryStorage, clock: ManualClock) -> None:
    for key, age_ns in (("old", HOUR_NS + 1), ("new", HOUR_NS - 1)):
        body = json.dumps({"at_ns": clock.now_ns() - age_ns}).encode()
        await storage.commit([Write("Shop", "$answers", f"Shop.sell/{key}", body)])
    assert await sweep.once() == 1
    assert await keys(storage, "Shop", "$answers") == ["Shop.sell/new"]


async def test_handled_events_are_remembered_while_they_can_come_again(
    sweep: Sweep, storage: MemoryStorage, clock: ManualClock
) -> None:
    long_ago_ns = clock.now_ns() - KEPT_NS - 1
    for message, at_ns in ((1, long_ago_ns), (2, long_ago_ns), (3, long_ago_ns + 2)):
        await storage.commit([inbox_write("Shop", "made", event(message), at_ns)])
    await storage.commit([Parcel(f"{long_ago_ns:020d}-2", event(2)).write("Shop.made")])  # not acknowledged
    assert await sweep.once() == 1
    assert await keys(storage, "Shop", "$inbox") == ["made/2", "made/3"]


@pytest.mark.parametrize(("state", "stays"), [("completed", 0), ("compensated", 0), ("running", 700), ("stuck", 700)])
async def test_journals_go_once_their_instances_have_finished(
    sweep: Sweep, storage: MemoryStorage, clock: ManualClock, state: str, stays: int
) -> None:
    old = Entry("sell", "done", at_ns=clock.now_ns() - KEPT_NS - 1)
    instance = replace(INSTANCE, id="Sale/a/b", state=state)
    writes = [Write("Sale", "$journal", f"Sale/a/b/{number:06d}", old.encode()) for number in range(1, 701)]
    await storage.commit([Write("Sale", "$instances", "Sale/a/b", instance.encode()), *writes])
    assert await sweep.once() == 700 - stays
    assert len(await keys(storage, "Sale", "$journal")) == stays
    assert await keys(storage, "Sale", "$instances") == ["Sale/a/b"]


async def test_a_journal_stays_as_long_as_its_latest_entry(
    sweep: Sweep, storage: MemoryStorage, clock: ManualClock
) -> None:
    instance = replace(INSTANCE, id="Sale/a", state="completed")
    await storage.commit([Write("Sale", "$instances", "Sale/a", instance.encode())])
    for number, age_ns in ((1, KEPT_NS + HOUR_NS), (2, KEPT_NS - HOUR_NS)):
        entry = Entry("sell", "done", at_ns=clock.now_ns() - age_ns)
        await storage.commit([Write("Sale", "$journal", f"Sale/a/{number:06d}", entry.encode())])
    assert await sweep.once() == 0
    await clock.advance(2 * 3600)
    assert await sweep.once() == 2


async def test_it_sweeps_every_hour_and_a_storage_that_is_away_does_not_end_it(
    sweep: Sweep, storage: MemoryStorage, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: object, **options: object) -> None:
        raise StorageUnavailable(space="Shop", reason="away")

    await storage.commit([Write("Shop", "$answers", "Shop.sell/a", json.dumps({"at_ns": clock.now_ns()}).encode())])
    sweep.start()
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStorage, "find", away)
        await clock.advance(2 * 3600)
    await clock.advance(3600)
    assert await keys(storage, "Shop", "$answers") == []
    await sweep.stop()
