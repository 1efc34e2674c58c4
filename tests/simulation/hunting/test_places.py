"""Places are what the records show, and the faults made for them are those that can strike there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio import deploy, lose
from studio.graph.system import Build
from studio.model.duration import format_ns
from studio.model.fault import KINDS
from studio.simulation.case import Case
from studio.simulation.hunting.candidates import candidates_of
from studio.simulation.hunting.places import KINDS_OF_PLACE, Place, places_of
from studio.simulation.hunting.recipes import TABLE
from studio.simulation.simulate import simulate
from studio.store import Log


def places(build: Build, *plan: Any) -> dict[tuple[str, str], Place]:
    run = simulate(Case("calm", plan=plan), system=build, log=Log.memory(), keep=False)
    return {(place.kind, place.name): place for place in places_of(run.log.records(), build.graph)}


def test_run_reveals_what_was_called_delivered_and_written(spare: Build) -> None:
    found = places(spare)
    assert set(found) >= {
        ("call", "First.charge"),
        ("handler", "First.charge"),
        ("delivery", "Thing.made"),
        ("service", "First"),
        ("service", "Till"),
        ("collection", "First.charges"),
        ("replica", "Till"),
    }
    assert len(found["call", "First.charge"].times_ns) == 3


def test_what_comes_from_outside_is_no_link_that_can_be_cut(spare: Build) -> None:
    assert ("event", "Thing.made") not in places(spare)


def test_run_under_a_fault_reveals_more(spare: Build) -> None:
    assert ("call", "Spare.charge") not in places(spare)
    assert ("call", "Spare.charge") in places(spare, lose("First.charge", occurrence=1))


MAKER = """
%%service Maker
@service.operation($.Maker.make, idempotent=True)
async def make(thing: Thing) -> None: ...
"""
MAKING = """
%%saga Making --on $.Thing.made --version {version}
@saga.step
async def first(thing: Thing) -> None:
    await send($.Maker.make, thing)
"""
CALM = """
%%scenario calm --duration 9s
workload($.Thing.made, [Thing(id="a")])
service_time($.Maker.make, "4s")
"""


def test_older_version_of_a_saga_at_work_is_a_place_where_a_deploy_meets_it(build_from: Callable[..., Build]) -> None:
    build = build_from(MAKER, MAKING.format(version="1.0.0"), MAKING.format(version="1.1.0"), CALM)
    found = places(build)["version", "Making"]
    assert found.older == "1.0.0"
    made = candidates_of([found])[0].fault
    assert made == deploy("Making", at=format_ns(found.times_ns[0]), before="1.0.0")


def test_every_recipe_names_places_that_exist() -> None:
    assert {kind for recipe in TABLE for kind in recipe.places} <= set(KINDS_OF_PLACE)


def test_every_kind_of_fault_is_made_or_left_out_on_purpose() -> None:
    left_out = {
        "hot-key",
        "mismatch",
        "swarm",
        "together",
    }  # they take fields that no run reveals, or are made of others
    assert {*KINDS} <= {recipe.kind for recipe in TABLE} | left_out


def test_first_occasions_come_first_then_second_and_last() -> None:
    made = candidates_of([Place("call", "First.charge", (1, 2, 3, 4, 5))], ["lose"])
    assert [(each.fault.leg, each.fault.occurrence) for each in made] == [  # type: ignore[attr-defined]
        ("reply", 1), ("request", 1), ("reply", 2), ("request", 2), ("reply", 5), ("request", 5),
    ]  # fmt: skip


@pytest.mark.slow
def test_every_candidate_fits_its_place(spare: Build) -> None:
    for candidate in candidates_of(list(places(spare).values())):
        simulate(Case("calm", plan=(candidate.fault,)), system=spare, log=Log.memory(), keep=False)


def test_kinds_that_break_what_a_port_promises_are_made_only_when_asked_for() -> None:
    place = [Place("replica", "First", (1,), 1)]
    assert "lose-unsynced" not in {each.fault.kind for each in candidates_of(place)}
    assert {each.fault.kind for each in candidates_of(place, ["lose-unsynced"])} == {"lose-unsynced"}


def test_kinds_that_do_what_others_do_are_made_only_when_asked_for() -> None:
    place = [Place("call", "First.charge", (1,))]
    assert "timeout" not in {each.fault.kind for each in candidates_of(place)}
    assert {each.fault.kind for each in candidates_of(place, ["timeout"])} == {"timeout"}
