"""Say why a fault that reaches into machines, data or third parties cannot strike what it names, although it exists."""

from __future__ import annotations

from studio.graph.build import Graph
from studio.graph.versions import is_newer
from studio.model.fault import Fault
from studio.model.faults.data_faults import Mismatch
from studio.model.faults.deploy_faults import Deploy
from studio.model.faults.party_faults import Exhaust

__all__ = ["obstacle"]


def obstacle(graph: Graph, fault: Fault) -> tuple[str, str]:
    """Return why a fault cannot strike one of its targets, and what it can; empty where it can strike all."""
    for target in fault.targets:
        if isinstance(fault, Deploy) and fault.before:
            older = _older(graph, target)
            if fault.before not in older:
                known = ", ".join(older) or "none; a saga's cell that is run again as a newer version keeps the old one"
                return f"has no older version {fault.before}", known
        if isinstance(fault, Exhaust) and target not in graph.externals and not _clients(graph, target):
            return "asks no third party", ", ".join(graph.externals) or "none"
        if isinstance(fault, Mismatch) and fault.leg == "reply" and graph.kind_of(target) == "event":
            return "is an event, which has no reply", 'leg="request"'
    return "", ""


def _older(graph: Graph, owner: str) -> list[str]:
    """Return the versions of a saga that are kept beside its latest."""
    versions = [version for name, version in graph.sagas_by_version if name == owner]
    return [each for each in versions if is_newer(graph.sagas[owner].version, each)]


def _clients(graph: Graph, owner: str) -> bool:
    return owner in graph.services and bool(graph.services[owner].clients)
