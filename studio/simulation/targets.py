"""Check that everything a scenario or a plan names exists, before anything runs; say where it stands, where known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from studio.contract import type_name
from studio.errors import (
    UnknownAddress,
    UnknownField,
    UnknownTarget,
    Where,
    nearest,
)
from studio.graph.build import Graph
from studio.graph.system import Build
from studio.model.fault import Fault
from studio.model.scenario import Given, Scenario, Workload
from studio.simulation.harming.aiming import nearest_instead
from studio.simulation.harming.fault_targets import check_fault

__all__ = ["check_plan", "check_scenario", "collection_of", "place_of"]


def check_scenario(build: Build, scenario: Scenario, plan: Sequence[Fault]) -> None:
    """Refuse a scenario that names what does not exist.

    Raises:
        UnknownAddress: A workload's address is neither command nor event.
        UnknownTarget: Of a given, a service time or a fault; with the nearest names.
        UnfitTarget: A fault cannot strike what it names.
    """
    graph = build.graph
    for work in scenario.workloads:
        _check_workload(build, scenario, work)
    for given in scenario.givens:
        collection_of(build, given, scenario)
    known = [*_owners(graph), *graph.externals, *graph.addresses(), *_steps(graph), *_jobs(graph)]
    for time in scenario.service_times:
        if time.target not in known:
            where = place_of(build, scenario, time.target)
            raise UnknownTarget(
                where=where, what="service_time(...)", target=time.target, known=nearest(time.target, known)
            )
    check_plan(build, plan, scenario)


def check_plan(build: Build, plan: Iterable[Fault], scenario: Scenario | None = None) -> None:
    """Refuse faults on what does not exist, or on what they cannot strike: they would pass for harmless.

    Raises:
        UnknownTarget: With the nearest names.
        UnfitTarget: It exists, but such a fault never strikes it.
        InvalidFault: It is no fault.
    """
    for fault in plan:
        check_fault(build.graph, fault, lambda target: place_of(build, scenario, target))


def collection_of(build: Build, given: Given, scenario: Scenario | None = None) -> tuple[str, str] | None:
    """Return owner and name of the collection whose documents are given; None where it is a setting.

    Raises:
        UnknownTarget: It looks like a collection and is none, or a setting without a value.
    """
    owner, dot, name = given.target.partition(".")
    graph = build.graph
    parties: dict[str, Any] = {**graph.services, **graph.externals}
    if owner in parties and name in parties[owner].collections:
        return owner, name
    if dot or len(given.values) != 1:
        known = _collections(graph)
        raise UnknownTarget(
            where=place_of(build, scenario, given.target),
            what="given(...)",
            target=given.target,
            known=nearest(given.target, known),
        )
    return None


def place_of(build: Build, scenario: Scenario | None, target: str) -> Where | None:
    """Return the cell, and the line, at which a scenario names a target; None where it cannot be told."""
    if scenario is None or build.graph.scenarios.get(scenario.name) != scenario:
        return None
    source = build.graph.definitions[build.definition_of(Scenario, scenario.name)].source
    wanted = re.compile(rf"(?<!\w){re.escape(target)}(?!\w)")
    for number, line in enumerate(source.body.splitlines(), start=1):
        if wanted.search(line):
            return build.graph.shown(Where(source.label, number))
    return None


def _check_workload(build: Build, scenario: Scenario, work: Workload) -> None:
    try:
        build.graph.demand(work.address)
    except UnknownAddress as error:
        raise UnknownAddress(where=place_of(build, scenario, work.address), **error.attributes) from None
    _check_fields(build, scenario, work)


def _check_fields(build: Build, scenario: Scenario, work: Workload) -> None:
    """Refuse a change or a skew of a field that the messages do not have: it would pass for heeded."""
    graph = build.graph
    operation, event = graph.operations.get(work.address), graph.events.get(work.address)
    carried = operation[1].takes if operation else event.contract if event else None
    contract = carried if work.like is None else work.like if isinstance(work.like, type) else type(work.like)
    for path, _ in (*work.changes, *work.skew):
        close = nearest_instead(contract, path.split("."))
        if close:
            where = place_of(build, scenario, path)
            raise UnknownField(where=where, address=work.address, contract=type_name(contract), field=path, known=close)


def _owners(graph: Graph) -> dict[str, Any]:
    return {**graph.services, **graph.sagas}


def _steps(graph: Graph) -> list[str]:
    return [f"{saga.name}.{step.name}" for saga in graph.sagas.values() for step in saga.steps]


def _jobs(graph: Graph) -> list[str]:
    return [f"{service.name}.{job.name}" for service in graph.services.values() for job in service.jobs]


def _collections(graph: Graph) -> list[str]:
    owners: list[Any] = [*graph.services.values(), *graph.externals.values()]
    return [f"{owner.name}.{name}" for owner in owners for name in owner.collections]
