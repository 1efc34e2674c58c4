"""Presets fit the system at hand: whatever it has, and whatever it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import studio
from studio.graph.system import Build, System
from studio.model.duration import SECOND_NS
from studio.model.faults.composed_faults import Swarm, swarm, together
from studio.model.faults.network_faults import lose
from studio.model.faults.process_faults import Crash, crash
from studio.simulation.harming.fault_presets import Preset, presets_of, shifted
from studio.simulation.targets import check_plan

HOME = Path(__file__).parents[3] / "simulations"


@pytest.fixture(scope="module")
def orders() -> Build:
    return studio.load(HOME / "orders").build()


def _named(build: Build, name: str, now_ns: int = 0) -> Preset:
    return next(each for each in presets_of(build.graph, now_ns) if each.name == name)


def test_every_preset_can_be_put_in_force(orders: Build) -> None:
    presets = presets_of(orders.graph, 7 * SECOND_NS)
    assert len(presets) == 9 + 3
    for preset in presets:
        check_plan(orders, preset.faults)


def test_scenarios_offer_their_plans_and_calm_ones_offer_none(orders: Build) -> None:
    declared = [each.name for each in presets_of(orders.graph) if each.is_declared]
    assert declared == ["lost_reply", "payment_outage", "storm"]


def test_what_a_scenario_declares_begins_now(orders: Build) -> None:
    faults = _named(orders, "payment_outage", 60 * SECOND_NS).faults
    assert next(each.from_ns for each in faults if isinstance(each, Crash)) == 80 * SECOND_NS


def test_services_crash_in_turn_from_now_on(orders: Build) -> None:
    faults = _named(orders, "Rolling crashes", 5 * SECOND_NS).faults
    assert [each.from_ns // SECOND_NS for each in faults[:3]] == [5, 15, 25]


def test_a_zone_takes_one_replica_of_everything_that_has_several(orders: Build) -> None:
    (fault,) = _named(orders, "One zone down").faults
    assert fault.targets == ("Inventory/1", "Orders/1")


def test_a_small_system_is_offered_only_what_it_has(system_from: Callable[..., System]) -> None:
    system = system_from(
        """
        %%service Lone
        @service.operation($.Lone.do)
        async def do(thing: Thing) -> Thing:
            return thing
        """
    )
    names = {each.name for each in presets_of(system.build().graph)}
    assert names == {"Lossy network", "Slow network", "Rolling crashes", "One zone down", "Slow storage"}


def test_a_swarm_is_drawn_within_the_time_that_it_would_have_had() -> None:
    moved: Any = shifted(swarm("crash"), 5, 100)
    assert isinstance(moved, Swarm)
    assert (moved.from_ns, moved.until_ns) == (5, 105)


def test_faults_with_one_cause_move_with_it() -> None:
    moved: Any = shifted(together(lose("A"), crash("B", at="2s")), SECOND_NS, 0)
    assert [part.from_ns // SECOND_NS for part in moved.parts] == [1, 3]
    assert moved.from_ns == 0
