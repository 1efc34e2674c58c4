"""Check that what faults name exists, and that they can strike it: else they would pass for harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from studio.address import is_pattern, matches, parse, pattern
from studio.errors import InvalidFault, StudioError, UnfitTarget, UnknownTarget, Where, nearest
from studio.graph.build import Graph
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Swarm, Together
from studio.model.faults.handler_faults import Fail
from studio.model.faults.process_faults import Crash, Pause
from studio.simulation.harming.aiming import obstacle

__all__ = ["check_fault", "fitting"]

Places = Callable[[str], Where | None]
_ADDRESSES = {"command", "event"}


def check_fault(graph: Graph, fault: Any, place: Places) -> None:
    """Refuse a fault on what does not exist, or on what it cannot strike.

    Args:
        graph: Of the system.
        fault: Of a plan, or a part of one.
        place: Returns where a target is named.

    Raises:
        UnknownTarget: With the nearest names.
        UnfitTarget: It exists, but such a fault never strikes it.
        InvalidFault: It is no fault.
    """
    if not isinstance(fault, Fault):
        raise InvalidFault(fault=repr(fault), reason="is no fault; `studio.lose(...)` and its like make them")
    if isinstance(fault, Together | Swarm):
        for part in fault.parts:
            check_fault(graph, part, place)
        return
    known = fitting(graph, fault)
    is_addressed = bool(_ADDRESSES & set(fault.strikes))
    for target in fault.targets:
        if not _is_among(graph, target, known, is_address=is_addressed):
            _refuse(graph, fault, target, known, place)
    _check_sides(graph, fault, place)
    for reason, fit in (_replica(graph, fault), _error(graph, fault), obstacle(graph, fault)):
        if reason:
            where, what = place(fault.target), f"fault={fault.kind}"
            raise UnfitTarget(where=where, what=what, target=fault.target, reason=reason, known=fit)


def fitting(graph: Graph, fault: Fault | type[Fault]) -> list[str]:
    """Return the names that a fault, or a kind of them, can strike; addresses that a pattern may mean among them."""
    named = _by_category(graph)
    return [name for category in fault.strikes for name in named[category]]


def _by_category(graph: Graph) -> dict[str, list[str]]:
    owners = _owners(graph)
    addresses = graph.addresses()
    return {
        "owner": [*owners],
        "replica": _replicas(owners),
        "party": [*graph.externals],
        "command": [address for address in addresses if address in graph.operations],
        "event": [address for address in addresses if address not in graph.operations],
        "step": [f"{saga.name}.{step.name}" for saga in graph.sagas.values() for step in saga.steps],
        "job": [f"{service.name}.{job.name}" for service in graph.services.values() for job in service.jobs],
        "collection": _collections(graph),
        "endpoint": [name for name, service in graph.services.items() if service.endpoints],
        "bus": ["bus"],
        "storage": ["*"],
    }


def _refuse(graph: Graph, fault: Fault, target: str, known: list[str], place: Places) -> None:
    named = {name for names in _by_category(graph).values() for name in names}
    where, what, close = place(target), f"fault={fault.kind}", nearest(target, known)
    owner, slash, number = target.partition("/")
    if slash and owner in _owners(graph) and "replica" in fault.strikes and number.isdigit():
        count = _owners(graph)[owner].replicas
        raise UnfitTarget(
            where=where, what=what, target=target, reason=f"has replicas={count}", known=f"{owner}/1 to {owner}/{count}"
        )
    if target in named:
        raise UnfitTarget(where=where, what=what, target=target, reason="is nothing that it can strike", known=close)
    raise UnknownTarget(where=where, what=what, target=target, known=close)


def _check_sides(graph: Graph, fault: Fault, place: Places) -> None:
    """Refuse sources, and destinations, that are nobody."""
    owners = _owners(graph)
    known = [*owners, *_replicas(owners), *graph.externals, "bus", "world"]
    for option, names in (("source", fault.source), ("to", fault.to)):
        for name in names:
            if name not in known:
                what = f"fault={fault.kind} {option}=..."
                raise UnknownTarget(where=place(name), what=what, target=name, known=nearest(name, known))


def _replica(graph: Graph, fault: Fault) -> tuple[str, str]:
    """Return why a fault's number of a replica does not fit, and which do."""
    if isinstance(fault, Crash | Pause):
        for target in fault.targets:
            count = fault.replica if "/" in target else _owners(graph)[target].replicas
            if fault.replica > count:
                return f"replica={fault.replica} is none: it has replicas={count}", f"replica 1 to {count}"
    return "", ""


def _error(graph: Graph, fault: Fault) -> tuple[str, str]:
    """Return why a fault's error does not fit, and which do: one that an operation it strikes declares."""
    if not isinstance(fault, Fail) or not fault.error:
        return "", ""
    named = {target: graph.operations[target] for target in fault.targets if target in graph.operations}
    asked = named if len(named) == len(fault.targets) else graph.operations
    declared = {kind.code() for _, operation in asked.values() for kind in operation.raises}
    if fault.error in declared:
        return "", ""
    return f"does not declare error={fault.error}", nearest(fault.error, sorted(declared)) if declared else "none"


def _is_among(graph: Graph, target: str, known: list[str], *, is_address: bool) -> bool:
    if target in known:
        return True
    if not is_address:
        return False
    try:
        if is_pattern(target):
            selector = pattern(target)
            addresses = set(graph.addresses())
            return any(matches(selector, parse(each)) for each in known if each in addresses)
        return target not in graph.operations and graph.kind_of(target) == "event"  # known by a subscriber's pattern
    except StudioError:
        return False


def _owners(graph: Graph) -> dict[str, Any]:
    return {**graph.services, **graph.sagas}


def _replicas(owners: dict[str, Any]) -> list[str]:
    def numbers(each: Any) -> Iterable[object]:
        return ("*", *range(1, each.replicas + 1))

    return [f"{name}/{number}" for name, each in owners.items() for number in numbers(each)]


def _collections(graph: Graph) -> list[str]:
    keepers: list[Any] = [*graph.services.values(), *graph.externals.values()]
    return [f"{keeper.name}.{name}" for keeper in keepers for name in keeper.collections]
