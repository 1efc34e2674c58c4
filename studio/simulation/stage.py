"""Set a cluster up for a run: what a scenario gives, what it asks for, where records go."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context
from typing import Any

from pydantic import ValidationError

from studio.contract import invalid_message
from studio.errors import UnknownScenario, nearest
from studio.graph.system import Build
from studio.model.fault import Fault
from studio.model.phases import ALWAYS, Phases
from studio.model.scenario import Given, Scenario
from studio.ports import Recorder, Write
from studio.records import DocumentChange
from studio.simulation.cluster.cluster import Cluster, Conditions
from studio.simulation.cluster.surroundings import Surroundings
from studio.simulation.promises.promised import check_without
from studio.simulation.targets import check_scenario, collection_of, place_of
from studio.simulation.virtual.loop import VirtualLoop
from studio.source.ambient import AMBIENT
from studio.source.guard import install_guard

__all__ = ["conditions_of", "furnish", "scenario_of", "set_up"]


def scenario_of(build: Build, scenario: str | Scenario, seed: int | None = None) -> Scenario:
    """Return a scenario, made afresh for a run where it is declared.

    A scenario's cell has been executed when it was declared, on the machine's clock and chance: an id or a date that it
    made then would tell runs of equal seeds apart. So it is executed again, with those of the run.

    Args:
        build: Where it is declared.
        scenario: Its name; one that is given as such is taken as it is.
        seed: Of the run; by default the scenario's.

    Raises:
        UnknownScenario: With the nearest names.
    """
    if isinstance(scenario, Scenario):
        return scenario
    if scenario not in build.graph.scenarios:
        raise UnknownScenario(name=scenario, known=nearest(scenario, build.graph.scenarios))
    declared = build.graph.scenarios[scenario]
    context, loop = Context(), VirtualLoop()
    context.run(AMBIENT.set, Surroundings(loop, declared.seed if seed is None else seed, loop.world))
    instance = context.run(build.instantiate, build.definition_of(Scenario, scenario))
    loop.close()
    return next(each for each in instance.declarations.of(Scenario) if each.name == scenario)


def conditions_of(
    build: Build, scenario: Scenario, seed: int, plan: Sequence[Fault], phases: Phases = ALWAYS
) -> Conditions:
    """Return the conditions that a scenario states; faults strike in the phases of the run, which may be shorter.

    Raises:
        UnknownAddress: It asks something of an address that is nothing.
        UnknownTarget: It names what does not exist.
        UnfitTarget: A fault can never strike what it names.
        UnknownPromise: It is declared without what is no promise.
    """
    check_scenario(build, scenario, plan)
    check_without(scenario, place_of(build, scenario, next(iter(scenario.without), "")))
    return Conditions(
        seed=seed,
        plan=tuple(plan),
        network=scenario.network,
        service_times={time.target: time.time for time in scenario.service_times},
        settings={given.target: str(given.values[0]) for given in scenario.givens if not collection_of(build, given)},
        bus=scenario.bus,
        phases=phases,
    )


def set_up(build: Build, conditions: Conditions, recorder: Recorder | None, givens: Sequence[Given]) -> Cluster:
    """Return a cluster with its documents in place and its replicas started.

    Raises:
        InvalidMessage: A given document is none of its collection's contract.
        UniqueViolation: Two of them have the same unique value.
    """
    install_guard()
    cluster = Cluster(build, conditions, recorder)
    for given in givens:
        if collection_of(build, given):
            furnish(cluster, given.target, given.values)
    cluster.start()
    return cluster


def furnish(cluster: Cluster, target: str, values: Sequence[Any]) -> None:
    """Put documents into a collection, before the run or between two instants of it.

    Args:
        cluster: Whose.
        target: `Inventory.stock`.
        values: Of the collection's contract, or dicts of its fields.
    """
    owner, _, name = target.partition(".")
    plan = cluster.program.collections[owner, name]
    contract = plan.collection.contract
    for each in values:
        try:
            value = contract.model_validate(each) if isinstance(each, dict) else each
            body = plan.encode(value)
        except ValidationError as error:
            raise invalid_message(contract, error, service=owner, operation=f"given {target}") from error
        key = str(getattr(value, plan.collection.key))
        version = cluster.commit_now(Write(owner, name, key, body, unique=plan.unique_of(value)))
        if cluster.recorder is not None:
            now_ns = cluster.loop.now_ns
            cluster.recorder.write(DocumentChange(now_ns, owner, name, key, version, "given", 0, body.decode()))
