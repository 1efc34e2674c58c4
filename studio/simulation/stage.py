"""Set a cluster up for a run: what a scenario gives, what it asks for, where records go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.errors import UnknownTarget, nearest
from studio.graph.system import Build
from studio.model.fault import Fault
from studio.model.scenario import Given, Scenario, ServiceTime
from studio.ports import Recorder, Write
from studio.records import DocumentChange
from studio.simulation.cluster import Cluster, Conditions
from studio.source.guard import install_guard

__all__ = ["conditions_of", "furnish", "set_up"]


def conditions_of(build: Build, scenario: Scenario, seed: int, plan: Sequence[Fault]) -> Conditions:
    """Return the conditions that a scenario states.

    Raises:
        UnknownTarget: It names a service time of what does not exist.
    """
    for time in scenario.service_times:
        _check_target(build, time)
    return Conditions(
        seed=seed,
        plan=tuple(plan),
        network=scenario.network,
        service_times={time.target: time.time for time in scenario.service_times},
        settings={given.target: str(given.values[0]) for given in scenario.givens if not _is_collection(build, given)},
    )


def set_up(build: Build, conditions: Conditions, recorder: Recorder | None, givens: Sequence[Given]) -> Cluster:
    """Return a cluster with its documents in place and its replicas started."""
    install_guard()
    cluster = Cluster(build, conditions, recorder)
    for given in givens:
        if _is_collection(build, given):
            furnish(cluster, given.target, given.values)
    cluster.start()
    return cluster


def furnish(cluster: Cluster, target: str, values: Sequence[Any]) -> None:
    """Put documents into a collection, before the run or between two instants of it."""
    owner, _, name = target.partition(".")
    plan = cluster.program.collections[owner, name]
    for value in values:
        key = str(getattr(value, plan.collection.key))
        body = plan.encode(value)
        cluster.commit_now(Write(owner, name, key, body, unique=plan.unique_of(value)))
        if cluster.recorder is not None:
            now_ns = cluster.loop.now_ns
            cluster.recorder.write(DocumentChange(now_ns, owner, name, key, 1, "given", 0, body.decode()))


def _is_collection(build: Build, given: Given) -> bool:
    """Say whether documents are given, or else a setting.

    Raises:
        UnknownTarget: It looks like a collection and is none.
    """
    owner, dot, name = given.target.partition(".")
    graph = build.graph
    parties: dict[str, Any] = {**graph.services, **graph.externals}
    if owner in parties and name in parties[owner].collections:
        return True
    if dot:
        known = [f"{party}.{each}" for party, declared in parties.items() for each in declared.collections]
        raise UnknownTarget(what="given(...)", target=given.target, known=nearest(given.target, known))
    return False


def _check_target(build: Build, time: ServiceTime) -> None:
    graph = build.graph
    known = [*graph.services, *graph.sagas, *graph.externals, *graph.addresses()]
    steps = [f"{saga.name}.{step.name}" for saga in graph.sagas.values() for step in saga.steps]
    if time.target not in [*known, *steps]:
        raise UnknownTarget(what="service_time(...)", target=time.target, known=nearest(time.target, known))
