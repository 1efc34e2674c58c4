"""Faults are put into a world and taken out again, by whoever acts, and what was done can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import studio
from studio.dashboard.fault_bench import FaultBench, bench_of
from studio.dashboard.fault_panel import FaultPanel, catalogue_of
from studio.errors import NothingToUndo, NotInForce, UnknownTarget
from studio.graph.system import Build
from studio.model.fault import KINDS
from studio.model.faults.composed_faults import swarm
from studio.model.faults.network_faults import Lose, lose
from studio.model.faults.process_faults import crash, down
from studio.simulation.world import World
from studio.store import Log

ORDERS = Path(__file__).parents[2] / "simulations" / "orders"


@pytest.fixture(scope="module")
def build() -> Build:
    return studio.load(ORDERS).build()


@pytest.fixture
def world(build: Build) -> Iterator[World]:
    with studio.world(seed=7, system=build, log=Log.memory()) as world:
        yield world


@pytest.fixture
def bench(world: World) -> FaultBench:
    return bench_of(world)


@pytest.fixture
def panel(world: World) -> FaultPanel:
    return FaultPanel(world, lambda: {1: 3})


def _on(bench: FaultBench) -> list[str]:
    return sorted(each.fault.kind for each in bench.in_force())


def test_all_who_act_on_a_world_share_its_bench(world: World, build: Build) -> None:
    assert bench_of(world) is bench_of(world)
    with studio.world(seed=7, system=build, log=Log.memory()) as other:
        assert bench_of(other) is not bench_of(world)


def test_what_was_injected_is_undone_and_done_again(bench: FaultBench) -> None:
    bench.inject((lose("cards"), down("Email")), "two")
    assert bench.undoable == "two"
    assert bench.undo() == "two"
    assert (_on(bench), bench.redoable) == ([], "two")
    bench.redo()
    assert _on(bench) == ["down", "lose"]


def test_what_was_lifted_comes_back(bench: FaultBench) -> None:
    bench.inject((down("Email"),))
    (standing,) = bench.in_force()
    bench.lift((standing.number,))
    assert _on(bench) == []
    bench.undo()
    assert _on(bench) == ["down"]
    bench.undo()
    assert _on(bench) == []


def test_a_change_takes_the_place_of_a_fault_and_is_one_act(bench: FaultBench) -> None:
    bench.inject((lose("cards", probability=0.1),))
    bench.change(1, lose("cards", probability=0.2))
    assert [each.fault.probability for each in bench.in_force()] == [0.2]
    bench.undo()
    assert [each.fault.probability for each in bench.in_force()] == [0.1]


def test_the_loss_of_a_link_is_one_fault_however_often_it_is_moved(bench: FaultBench) -> None:
    for share in (0.1, 0.4, 0.3):
        bench.set_loss("Payment", share)
    assert [each.fault.probability for each in bench.in_force()] == [0.3]
    assert (bench.loss_of("Payment"), bench.loss_of("Payment", "Orders")) == (0.3, 0.0)
    bench.set_loss("Payment", 0)
    assert bench.in_force() == []
    bench.undo()
    assert bench.loss_of("Payment") == 0.3


def test_a_swarm_is_undone_with_all_that_it_drew(bench: FaultBench) -> None:
    bench.inject((swarm("lose", "down", "slow", "latency", share=1.0),), "storm")
    assert len(bench.in_force()) > 1
    bench.undo()
    assert bench.in_force() == []


def test_a_refused_change_leaves_all_as_it_was(bench: FaultBench) -> None:
    bench.inject((lose("cards"),))
    with pytest.raises(UnknownTarget):
        bench.change(1, Lose("nobody"))
    assert [each.fault for each in bench.in_force()] == [bench.standing()[-1].fault]
    assert bench.in_force()[0].fault.target == "cards"


def test_what_somebody_else_lifted_is_said(bench: FaultBench, world: World) -> None:
    bench.inject((lose("cards"),))
    world.lift(1)
    with pytest.raises(NotInForce):
        bench.undo()
    with pytest.raises(NotInForce):
        bench.lift((1,))


def test_an_instant_that_has_passed_cannot_be_undone_but_what_was_done_before_can(
    bench: FaultBench, world: World
) -> None:
    bench.inject((lose("cards"),))
    bench.inject((crash("Email"),))
    world.advance("1s")
    assert _on(bench) == ["lose"]
    with pytest.raises(NotInForce):
        bench.undo()
    bench.undo()
    assert _on(bench) == []


def test_nothing_to_undo_is_said(bench: FaultBench) -> None:
    for act in (bench.undo, bench.redo):
        with pytest.raises(NothingToUndo):
            act()


# -- what stands behind the controls --------------------------------------------------------------------------------


def test_every_kind_is_offered_with_whom_it_can_strike(build: Build) -> None:
    forms = [form for family in catalogue_of(build.graph)["families"] for form in family["forms"]]
    assert {form["kind"] for form in forms} == set(KINDS)
    assert next(form for form in forms if form["kind"] == "throttle")["targets"] == ["cards"]


def test_a_form_is_checked_injected_edited_and_lifted(panel: FaultPanel) -> None:
    values: dict[str, Any] = {"targets": ["Payment"], "probability": 0.25}
    assert "of Payment is lost" in panel.answer({"do": "check", "kind": "lose", "values": values})["words"]
    assert "done" in panel.answer({"do": "inject", "kind": "lose", "values": values})
    again = panel.answer({"do": "edit", "number": 1})
    assert again["values"]["probability"] == 0.25
    changed = {**again["values"], "probability": 0.5}
    assert "done" in panel.answer({"do": "inject", "kind": "lose", "values": changed, "number": 1})
    assert "done" in panel.answer({"do": "lift", "number": 2})
    assert [row["on"] for row in panel.standing()["rows"]] == [False, False]


def test_impossible_values_are_answered_at_their_field(panel: FaultPanel) -> None:
    reply = panel.answer({"do": "inject", "kind": "crash", "values": {"targets": ["Payment"], "down_for": "-1s"}})
    assert list(reply["complaints"]) == ["down_for"]
    assert "done" not in reply
    assert panel.standing()["rows"] == []


def test_quick_controls_act_at_once(panel: FaultPanel, world: World) -> None:
    panel.answer({"do": "loss", "target": "Payment", "share": 0.3, "source": "Orders"})
    assert panel.standing()["losses"] == {"Orders>Payment": 0.3}
    assert "crashed" in panel.answer({"do": "crash", "target": "Orders", "replica": 2, "down_for": "1s"})["done"]
    assert "done" in panel.answer({"do": "partition", "target": "Payment", "source": "Orders"})
    assert "done" in panel.answer({"do": "preset", "name": "Lossy network"})
    assert "done" in panel.answer({"do": "lift-all"})
    assert [each for each in world.faults if each.is_in_force] == []


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"do": "dance"}, "nothing to do that is called dance"),
        ({"do": "lift"}, "cannot be read"),
        ({"do": "lift", "number": 9}, "9"),
        ({"do": "edit", "number": 9}, "no fault of that number"),
        ({"do": "preset", "name": "Mayhem"}, "Mayhem"),
        ({"do": "loss", "target": "nobody", "share": 0.5}, "nobody does not exist"),
        ({"do": "loss", "target": "Payment", "share": 7}, "7 is not between 0 and 1"),
        ({"do": "crash", "target": "Payment", "replica": 4}, "replica"),
        ({"do": "crash", "target": "Payment", "down_for": "soon"}, "soon"),
        ({"do": "undo"}, "nothing to undo"),
    ],
)
def test_what_cannot_be_done_is_said(panel: FaultPanel, request_: dict[str, Any], told: str) -> None:
    assert told in panel.answer(request_)["error"]


def test_rows_say_in_words_what_stands_and_how_often_it_struck(panel: FaultPanel, bench: FaultBench) -> None:
    bench.inject((lose("cards", leg="reply", occurrence=1),))
    (row,) = panel.standing()["rows"]
    assert (row["words"], row["strikes"], row["title"]) == ("the 1st reply of cards is lost", 3, "Lose messages")


def test_a_closed_world_takes_nothing_more(panel: FaultPanel, world: World) -> None:
    world.close()
    assert not panel.standing()["live"]
    assert "closed" in panel.answer({"do": "inject", "kind": "lose", "values": {"targets": ["cards"]}})["error"]
