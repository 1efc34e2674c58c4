"""Say what each kind of fault that reaches into machines, data or third parties can strike."""

from __future__ import annotations

from typing import Any

from studio.graph.build import Graph
from studio.graph.versions import is_newer
from studio.model.fault import Fault
from studio.model.faults.broker_faults import BrokerLoses
from studio.model.faults.clock_faults import ClockFault
from studio.model.faults.data_faults import HotKey, Mismatch
from studio.model.faults.delivery_faults import Duplicate
from studio.model.faults.deploy_faults import Deploy
from studio.model.faults.network_faults import Latency, Lose, Timeout
from studio.model.faults.party_faults import CallBack, Exhaust, Throttle
from studio.model.faults.process_faults import CrashPoint
from studio.model.faults.storage_faults import LoseUnsynced, StaleRead, StorageClash, StorageError, StorageStall

__all__ = ["ADDRESSED", "fitting_targets", "obstacle"]

ADDRESSED = (CrashPoint, Duplicate, HotKey, Latency, Lose, Mismatch, Timeout)
"""Kinds whose targets can be addresses: patterns too, and events that only a subscriber's pattern knows."""


def fitting_targets(graph: Graph, fault: Fault) -> list[str]:
    """Return the names that a fault can strike; addresses that a pattern may mean among them."""
    owners: dict[str, Any] = {**graph.services, **graph.sagas}
    match fault:
        case ClockFault():
            replicas = [f"{name}/{n}" for name, each in owners.items() for n in ("*", *range(1, each.replicas + 1))]
            return [*owners, *replicas]
        case StorageError() | StorageStall():
            return ["*", *owners, *graph.externals, *_collections(graph)]
        case StorageClash() | StaleRead():
            keepers = [name for name, each in graph.services.items() if each.collections]
            return ["*", *keepers, *_collections(graph)]
        case LoseUnsynced() | Deploy():
            return [*owners]
        case Exhaust():
            return [*graph.externals, *(name for name, each in graph.services.items() if each.clients)]
        case Throttle() | CallBack():
            return [*graph.externals]
        case HotKey():
            return graph.addresses()
        case Mismatch():
            return [each for each in graph.addresses() if fault.leg == "request" or each in graph.operations]
        case BrokerLoses():
            return ["bus"]
    raise AssertionError(fault)


def obstacle(graph: Graph, fault: Fault) -> tuple[str, str]:
    """Return why a fault cannot strike what exists, and what it can; empty where it can."""
    if not isinstance(fault, Deploy) or not fault.before:
        return "", ""
    for target in fault.targets:
        versions = [version for name, version in graph.sagas_by_version if name == target]
        older = [each for each in versions if is_newer(graph.sagas[target].version, each)] if versions else []
        if fault.before not in older:
            known = ", ".join(older) or "none; running a saga's cell again under a new version keeps the old one"
            return f"has no older version {fault.before}", known
    return "", ""


def _collections(graph: Graph) -> list[str]:
    keepers: list[Any] = [*graph.services.values(), *graph.externals.values()]
    return [f"{each.name}.{name}" for each in keepers for name in each.collections]
