"""Swarms: each seed draws its own ordinary plan, within the window, on what exists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import crash, lose, swarm
from studio.errors import InvalidFault, UnknownTarget
from studio.graph.build import Graph
from studio.model.duration import SECOND_NS
from studio.model.fault import Fault
from studio.simulation.harming.fault_targets import check_fault
from studio.simulation.harming.swarming import drawn, drawn_for
from tests.simulation.conftest import system_of

CELLS = (
    """
%%service Echo --replicas 2
@service.operation($.Echo.say)
async def say(thing: Thing) -> Told:
    return Told(text=thing.id)
@service.on($.Thing.made)
async def hear(thing: Thing) -> None: ...
""",
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return system_of(*CELLS).build().graph


def plans(graph: Graph, fault: Fault, seeds: int = 200) -> list[tuple[Fault, ...]]:
    return [drawn(graph, [fault], seed, 10 * SECOND_NS) for seed in range(seeds)]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**60))
def test_whatever_a_seed_draws_can_strike_and_falls_within_the_window(graph: Graph, seed: int) -> None:
    for fault in drawn(graph, [swarm(at="2s", until="8s")], seed, 10 * SECOND_NS):
        check_fault(graph, fault, lambda _: None)
        assert 2 * SECOND_NS <= fault.from_ns <= 8 * SECOND_NS
        assert fault.until_ns is None or fault.from_ns <= fault.until_ns <= 8 * SECOND_NS


def test_each_part_is_in_about_every_other_plan(graph: Graph) -> None:
    counts = [len(plan) for plan in plans(graph, swarm(lose("Echo.say"), crash("Echo")))]
    assert 0.8 < sum(counts) / len(counts) < 1.2
    assert set(counts) == {0, 1, 2}


def test_a_part_is_drawn_alike_whatever_else_is_in_the_swarm(graph: Graph) -> None:
    mine = [[each for each in plan if each.kind == "lose"] for plan in plans(graph, swarm(lose("Echo.say")), 20)]
    both = plans(graph, swarm(crash("Echo"), lose("Echo.say")), 20)
    assert mine == [[each for each in plan if each.kind == "lose"] for plan in both]


def test_named_kinds_strike_what_the_system_has(graph: Graph) -> None:
    found = {fault.kind for plan in plans(graph, swarm("crash", "duplicate", share=1.0), 5) for fault in plan}
    assert found == {"crash", "duplicate"}
    targets = {fault.target for plan in plans(graph, swarm("duplicate", share=1.0), 20) for fault in plan}
    assert targets <= {"Thing.made", "Thing.seen"}


def test_what_strikes_at_a_moment_is_drawn_one_and_not_an_occurrence_that_never_comes(graph: Graph) -> None:
    for kind in ("clock-jump", "deploy", "broker-loses", "lose-unsynced"):
        for plan in plans(graph, swarm(kind, share=1.0), 30):
            assert [(fault.occurrence, fault.probability, fault.until_ns) for fault in plan] == [(0, 1.0, None)]


def test_faults_are_drawn_while_they_may_strike() -> None:
    calm = "%%scenario stormy --duration 10s --quiet 2s --heal 6s\nworkload($.Thing.made, [Thing(id='a')])\nswarm()"
    build = system_of(*CELLS, calm).build()
    for seed in range(50):
        plan = drawn_for(build.graph, build.graph.scenarios["stormy"], [swarm()], seed, 10 * SECOND_NS)
        assert all(2 * SECOND_NS <= fault.from_ns <= 6 * SECOND_NS for fault in plan)


def test_no_storage_of_a_third_party_is_drawn() -> None:
    cards = "%%external cards\nbooked = external.collection('booked', Thing, key='id')"
    graph = system_of(*CELLS, cards).build().graph
    storage = ("storage-error", "storage-stall", "storage-conflict", "stale-read")
    targets = {fault.target for plan in plans(graph, swarm(*storage, share=1.0), 30) for fault in plan}
    assert targets
    assert not {target for target in targets if target.startswith("cards")}


def test_other_faults_of_the_plan_stay_as_they_are(graph: Graph) -> None:
    plan: list[Any] = [lose("Echo.say"), {"kind": "crash", "target": "Echo", "at": "2s"}]
    assert drawn(graph, plan, 1, SECOND_NS) == (lose("Echo.say"), crash("Echo", at="2s"))


def test_a_part_that_names_nobody_is_refused_for_every_seed(graph: Graph) -> None:
    with pytest.raises(UnknownTarget, match=r"Echo\.say"):
        drawn(graph, [swarm(lose("Echo.sya"), share=0.0)], 1, SECOND_NS)


@pytest.mark.parametrize("make", [lambda: swarm("meteor"), lambda: swarm(share=2), lambda: swarm(swarm())])
def test_a_swarm_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(InvalidFault):
        make()
