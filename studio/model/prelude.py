"""List the names that an author writes: what a studio cell sees without importing, and what `studio` exports.

One table for cells and files alike, so that whatever a cell names can be imported by the file it is exported to.
"""

from __future__ import annotations

import decimal
import typing
from typing import Any

import pydantic

from studio.address import S
from studio.contract import Contract, ServiceError
from studio.errors import (
    BreakerOpen,
    BulkheadFull,
    CallTimeout,
    DeadlinePassed,
    PublishFailed,
    ServiceUnavailable,
    StorageConflict,
    UndeclaredError,
    UniqueViolation,
)
from studio.model import (
    composition,
    distribution,
    event,
    fault,
    handle,
    invariant,
    mesh,
    policy,
    resilience,
    routing,
    saga,
    scenario,
    service,
    third_party,
    verbs,
)
from studio.model.faults import delivery_faults, network_faults, process_faults

__all__ = ["FOREIGN", "PRELUDE"]

PRELUDE: dict[str, Any] = {
    "S": S,
    "Contract": Contract,
    "ServiceError": ServiceError,
    "event": event.event,
    "Service": service.Service,
    "Health": service.Health,
    "handle": handle.handle,
    "Secret": verbs.Secret,
    "call": verbs.call,
    "publish": verbs.publish,
    "send": verbs.send,
    "stream": verbs.stream,
    "principal": verbs.principal,
    "setting": verbs.setting,
    "log": verbs.log,
    "is_stale": verbs.is_stale,
    "Retry": policy.Retry,
    "Budget": policy.Budget,
    "Breaker": resilience.Breaker,
    "Bulkhead": resilience.Bulkhead,
    "Fallback": resilience.Fallback,
    "ConsistentHash": routing.ConsistentHash,
    "Discovery": routing.Discovery,
    "mesh": mesh.mesh,
    "External": third_party.External,
    "Request": third_party.Request,
    "Response": third_party.Response,
    "sequence": composition.sequence,
    "parallel": composition.parallel,
    "route": composition.route,
    "when": composition.when,
    "Failure": composition.Failure,
    "Saga": saga.Saga,
    "Scenario": scenario.Scenario,
    "given": scenario.given,
    "workload": scenario.workload,
    "service_time": scenario.service_time,
    "network": scenario.network,
    "Constant": distribution.Constant,
    "Uniform": distribution.Uniform,
    "Exponential": distribution.Exponential,
    "LogNormal": distribution.LogNormal,
    "Pareto": distribution.Pareto,
    "Zipf": distribution.Zipf,
    "latency": network_faults.latency,
    "lose": network_faults.lose,
    "duplicate": delivery_faults.duplicate,
    "crash": process_faults.crash,
    "crash_at": process_faults.crash_at,
    "down": process_faults.down,
    "timeout": network_faults.timeout,
    "zone": fault.zone,
    "invariant": invariant.invariant,
    "Invariant": invariant.Invariant,
    "BreakerOpen": BreakerOpen,
    "BulkheadFull": BulkheadFull,
    "CallTimeout": CallTimeout,
    "DeadlinePassed": DeadlinePassed,
    "PublishFailed": PublishFailed,
    "ServiceUnavailable": ServiceUnavailable,
    "StorageConflict": StorageConflict,
    "UndeclaredError": UndeclaredError,
    "UniqueViolation": UniqueViolation,
}
"""Name to object, all importable from `studio`."""

FOREIGN: dict[str, tuple[str, Any]] = {
    "Annotated": ("typing", typing.Annotated),
    "Any": ("typing", typing.Any),
    "Decimal": ("decimal", decimal.Decimal),
    "Field": ("pydantic", pydantic.Field),
    "Literal": ("typing", typing.Literal),
}
"""Names of other libraries that contracts can hardly do without: name to the module that exports it, and the object."""
