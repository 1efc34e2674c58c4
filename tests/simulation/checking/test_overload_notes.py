"""A verdict about overload that rests on no service times says so; others do not."""

from __future__ import annotations

from typing import Any

import pytest

from studio.simulation.campaign.campaigning import campaign
from studio.simulation.hunting.hunt import hunt
from studio.simulation.simulate import simulate
from studio.store import Log

SERVICE = """
%%service Keeper{options}
kept = service.collection("kept", Thing, key="id")
@service.on($.Thing.made)
async def keep(thing: Thing) -> None:
    await kept.put(thing)
"""
SCENARIO = "%%scenario work --duration 5s{options}\nworkload($.Thing.made, [Thing(id='a')])\n{more}"
SAYS = "says nothing about overload: no service_time(...) is stated"


def told(system_from: Any, service: str = "", scenario: str = "", more: str = "") -> str:
    system = system_from(SERVICE.format(options=service), SCENARIO.format(options=scenario, more=more))
    return str(simulate("work", system=system, log=Log.memory(), keep=False).summary())


@pytest.mark.parametrize(("service", "scenario"), [(" --concurrency 1", ""), ("", " --queue-age 1s")])
def test_bounds_without_service_times_are_told_of(system_from: Any, service: str, scenario: str) -> None:
    assert SAYS in told(system_from, service, scenario)


def test_stated_service_times_end_it(system_from: Any) -> None:
    assert SAYS not in told(system_from, " --concurrency 1", more="service_time('Keeper', '10ms')")


def test_where_nothing_is_bounded_nothing_is_said(system_from: Any) -> None:
    assert SAYS not in told(system_from)


def test_a_hunt_says_it_always(system_from: Any) -> None:
    system = system_from(SERVICE.format(options=""), SCENARIO.format(options="", more=""))
    said = " ".join(str(hunt("work", system=system, runs=2)).split())
    assert "Not modelled: overload" in said
    assert "no service time is stated" in said


def test_a_campaign_says_it_too(system_from: Any) -> None:
    system = system_from(SERVICE.format(options=" --concurrency 1"), SCENARIO.format(options="", more=""))
    assert SAYS in str(campaign("work", seeds=2, system=system, log=Log.memory()))
