"""Faults on what does not exist, or on what they cannot strike, are refused with the nearest names."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, clog, crash, down, fail, hang, lose, partition, pause, poison, reorder, respond, slow, together
from studio.errors import UnfitTarget, UnknownTarget
from studio.graph.build import Graph
from studio.simulation.harming.fault_targets import check_fault
from tests.simulation.conftest import system_of

CELLS = (
    """
%%service Echo --replicas 2
@service.operation($.Echo.say, raises=[Declined])
async def say(thing: Thing) -> Told:
    return Told(text=thing.id)
@service.on($.Thing.made)
async def hear(thing: Thing) -> None: ...
""",
    """
%%external cards
@external.post("/charges")
async def charge(request): ...
""",
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return system_of(*CELLS).build().graph


@pytest.mark.parametrize(
    ("fault", "near"),
    [
        (partition("Ecko", "cards"), "Echo"),
        (partition("Echo", "crads"), "cards"),
        (lose(S.Echo.say, source="Ehco"), "Echo"),
        (lose(S.Echo.say, to="Ehco"), "Echo"),
        (pause("Ecko"), "Echo"),
        (down(["Echo", "card"]), "cards"),
        (poison("$.Thing.mad"), "Thing.made"),
        (respond("crds"), "cards"),
        (together(crash("Echo"), lose("Echo.sya")), "Echo.say"),
    ],
)
def test_a_fault_on_nobody_names_the_nearest(graph: Graph, fault: Any, near: str) -> None:
    with pytest.raises(UnknownTarget, match=near):
        check_fault(graph, fault, lambda _: None)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (crash("Echo/3"), "replicas=2"),
        (pause("Echo", replica=3), "replicas=2"),
        (fail(S.Echo.say, error="Declinde"), "Declined"),
        (respond("Echo"), "nothing that it can strike"),
        (reorder(S.Echo.say), "nothing that it can strike"),
        (crash("cards"), "nothing that it can strike"),
    ],
)
def test_a_fault_on_what_it_cannot_strike_is_refused(graph: Graph, fault: Any, reason: str) -> None:
    with pytest.raises(UnfitTarget, match=reason):
        check_fault(graph, fault, lambda _: None)


@pytest.mark.parametrize(
    "fault",
    [
        partition("bus", "Echo/2"), partition("Echo/*"), clog("$.Thing.*"), hang("cards"), slow("Echo/1", "1s"),
        lose("Echo"),
        fail(S.Echo.say, error="Declined"), poison(S.Echo.say), pause("Echo/*"), down(["Echo/1", "cards"]),
    ],
)  # fmt: skip
def test_what_exists_is_taken_in_each_of_its_names(graph: Graph, fault: Any) -> None:
    check_fault(graph, fault, lambda _: None)
