"""Say why a fault that reaches into machines, data or third parties cannot strike what it names, although it exists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.errors import nearest
from studio.graph.build import Graph
from studio.model.fault import Fault
from studio.model.faults.data_faults import HotKey, Mismatch
from studio.model.faults.deploy_faults import Deploy
from studio.model.faults.party_faults import Exhaust

__all__ = ["nearest_instead", "obstacle"]


def obstacle(graph: Graph, fault: Fault) -> tuple[str, str]:
    """Return why a fault cannot strike one of its targets, and what it can; empty where it can strike all."""
    for target in fault.targets:
        if isinstance(fault, Deploy) and fault.before:
            older = graph.older(target)
            if fault.before not in older:
                known = ", ".join(older) or "none; a saga's cell that is run again as a newer version keeps the old one"
                return f"has no older version {fault.before}", known
        if isinstance(fault, Exhaust) and target not in graph.externals and not _clients(graph, target):
            return "asks no third party", ", ".join(graph.externals) or "none"
        if isinstance(fault, Mismatch) and fault.leg == "reply" and graph.kind_of(target) == "event":
            return "is an event, which has no reply", 'leg="request"'
        for path in _fields(fault):
            close = nearest_instead(_contract(graph, target, fault), path.split("."))
            if close:
                return f"has no field {path}", close
    return "", ""


def nearest_instead(contract: Any, path: Sequence[str]) -> str:
    """Return the nearest names where a path of fields leads nowhere; nothing where it leads somewhere."""
    for part in path:
        fields = getattr(contract, "model_fields", {})
        known = [*fields, *(field.alias for field in fields.values() if field.alias)]
        if known and part not in known:
            return nearest(part, known)
        contract = fields[part].annotation if part in fields else None
    return ""


def _fields(fault: Fault) -> tuple[str, ...]:
    """Return the fields that a fault says its messages have."""
    if isinstance(fault, Mismatch):
        return (*fault.drop, *(name for name, _ in fault.rename))
    return (fault.field,) if isinstance(fault, HotKey) else ()


def _contract(graph: Graph, address: str, fault: Fault) -> Any:
    """Return what is carried at an address; None where that cannot be told."""
    if address in graph.operations:
        operation = graph.operations[address][1]
        return operation.returns if isinstance(fault, Mismatch) and fault.leg == "reply" else operation.takes
    event = graph.events.get(address)
    return None if event is None else event.contract


def _clients(graph: Graph, owner: str) -> bool:
    return owner in graph.services and bool(graph.services[owner].clients)
