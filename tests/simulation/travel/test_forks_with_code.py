"""A fork with other code is a deploy: services come and go, and its invariants and columns hold from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio.graph.system import Build
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

KEEPER = """
%%service Keeper --replicas 2
kept = service.collection("kept", Thing, key="id")
@service.on($.Thing.made)
async def keep(thing: Thing) -> None:
    await kept.put(thing)
"""
COUNTER = """
%%service Counter
from studio import Contract
class Count(Contract):
    id: str
    times: int
counts = service.collection("counts", Count, key="id")
@service.on($.Thing.made)
async def count(thing: Thing) -> None:
    await counts.put(Count(id=thing.id, times=1))
"""
WORK = """
%%scenario work --duration 10s
workload($.Thing.made, [Thing(id=str(n), amount=n) for n in range(10)], every="1s")
"""
SMALL = "%%invariant small\nselect id from Keeper.kept where amount > 2"
ONCE = "%%invariant once\nselect id from Counter.counts where times > 0"
BUSES = ["jetstream", "rabbitmq", "kafka"]


@pytest.fixture
def build_from(system_from: Callable[..., Any]) -> Callable[..., Build]:
    return lambda *cells: system_from(*cells).build()


def played(build: Build, *, bus: str = "jetstream", check: Any = "marks") -> Run:
    return simulate("work", system=build, bus=bus, check=check, log=Log.memory(), keep=False)


def ids(run: Run, collection: str) -> list[int]:
    return sorted(int(row["id"]) for row in run.collection(collection))


@pytest.mark.parametrize("bus", BUSES)
def test_service_that_a_deploy_adds_takes_what_comes_from_then_on(build_from: Callable[..., Build], bus: str) -> None:
    run = played(build_from(KEEPER, WORK), bus=bus)
    forked = run.fork(at="4500ms", code=build_from(KEEPER, COUNTER, WORK))
    assert ids(forked, "Keeper.kept") == list(range(10))
    assert set(ids(forked, "Counter.counts")) >= set(range(5, 10))
    assert forked.sql("select times from Counter.counts")["times"].unique().to_list() == [1]


@pytest.mark.parametrize("bus", BUSES)
def test_service_that_a_deploy_takes_away_takes_no_more(build_from: Callable[..., Build], bus: str) -> None:
    run = played(build_from(KEEPER, COUNTER, WORK), bus=bus)
    forked = run.fork(at="4500ms", code=build_from(KEEPER, WORK))
    assert ids(forked, "Keeper.kept") == list(range(10))
    found = forked.sql("select id from Counter.counts")["id"].to_list()
    assert sorted(map(int, found)) == list(range(5))
    assert forked.summary().warnings == ()


@pytest.mark.parametrize("check", ["marks", "commits"])
def test_invariants_of_the_new_code_hold_after_the_deploy(build_from: Callable[..., Build], check: Any) -> None:
    run = played(build_from(KEEPER, WORK, "%%invariant gone\nselect 1 as one where false"), check=check)
    forked = run.fork(at="4500ms", code=build_from(KEEPER, COUNTER, WORK, SMALL, ONCE))
    assert set(forked.violations["invariant"]) == {"small", "once"}
    assert forked.checked == {"small", "once"}
    assert set(forked.violations["at_ns"] >= 4_500_000_000) == {True}
    assert "gone" not in str(forked.summary())


def test_invariant_of_the_new_code_is_asked_at_the_deploy_itself(build_from: Callable[..., Build]) -> None:
    forked = played(build_from(KEEPER, WORK), check="commits").fork(at="4500ms", code=build_from(KEEPER, WORK, SMALL))
    assert forked.violations["at_ns"].to_list()[:2] == [4_500_000_000] * 2


def test_what_was_found_before_a_deploy_stays_found(build_from: Callable[..., Build]) -> None:
    run = played(build_from(KEEPER, WORK, SMALL), check="commits")
    forked = run.fork(at="4500ms", code=build_from(KEEPER, WORK))
    assert forked.violations["row"].to_list() == ['{"id": "3"}', '{"id": "4"}']
    assert not forked.summary().is_fine


def test_fork_with_code_can_be_forked_again(build_from: Callable[..., Build]) -> None:
    code = build_from(KEEPER, COUNTER, WORK, ONCE)
    forked = played(build_from(KEEPER, WORK)).fork(at="4500ms", code=code)
    assert forked.fork(at="7s").sha256 == forked.sha256
