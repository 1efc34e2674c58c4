"""Open a played run: the cluster as a scenario has it, with or without what the scenario asks of it and breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from studio.graph.system import Build
from studio.model.duration import duration_ns
from studio.model.fault import Fault
from studio.model.phases import phases_of
from studio.model.scenario import Scenario, Workload
from studio.simulation.case import BY_HAND, Case
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Timetable
from studio.simulation.harming.harm import within_phases
from studio.simulation.harming.swarming import drawn, drawn_for
from studio.simulation.live.hands import FOREVER_NS, Hands
from studio.simulation.live.playing import Playing
from studio.simulation.logbook import info_of
from studio.simulation.stage import conditions_of, set_up
from studio.simulation.workload.arrivals import Arrivals
from studio.source.zone import utc_zone
from studio.store import Log

__all__ = ["open_run"]


def open_run(
    build: Build,
    scenario: Scenario,
    seed: int,
    faults: Sequence[Fault | Mapping[str, Any]],
    log: Log,
    *,
    play: bool = False,
) -> Playing:
    """Return a run that stands at its beginning.

    Args:
        build: What runs.
        scenario: Its conditions; what it asks and breaks as well where that is played.
        seed: Decides all chance.
        faults: In force from the start, after the scenario's own.
        log: Where records go.
        play: Whether the scenario's workloads and faults are played.
    """
    own = _faults_of(build, scenario, seed) if play else ()
    plan = (*own, *drawn(build.graph, faults, seed, duration_ns(scenario.duration)))
    conditions = conditions_of(build, scenario, seed, plan)
    name = "" if scenario.name == BY_HAND else scenario.name
    case = Case(name, seed, plan, None if play else (), bus=scenario.bus)
    buffer = log.record(info_of(build, "", seed, case))
    with utc_zone():
        cluster = set_up(build, conditions, buffer, scenario.givens)
    workloads = scenario.workloads if play else []
    hands = Hands(cluster, Timetable(cluster), Outside(cluster), first_number=len(workloads) + 1)
    for number, workload in enumerate(workloads, start=1):
        lasting = _lasting(workload, scenario)
        arrivals = Arrivals(cluster, hands.outside, lasting, number, lasting.until_ns)
        arrivals.start()
        hands.adopt(number, lasting, arrivals)
    with utc_zone():
        hands.run_until_ns(0)
    return Playing(hands, buffer, case)


def _faults_of(build: Build, scenario: Scenario, seed: int) -> tuple[Fault, ...]:
    """Return a scenario's faults, within its phases: what is injected later is not bound by these."""
    plan = drawn_for(build.graph, scenario, scenario.faults, seed, duration_ns(scenario.duration))
    phases = phases_of(scenario)
    return tuple(clipped for each in plan if (clipped := within_phases(each, phases)) is not None)


def _lasting(workload: Workload, scenario: Scenario) -> Workload:
    """Return a workload that lasts as long as the world where it lasted as long as the scenario."""
    is_whole = workload.until_ns == duration_ns(scenario.duration)
    return replace(workload, until_ns=FOREVER_NS) if is_whole else workload
