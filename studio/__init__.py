"""Design services, break them in a deterministic simulation, ship the code that survived.

What an author declares with is here, light to import; what runs a system (`world`, `simulate`) loads when it is used.
In a notebook, `%load_ext studio` brings the cell magics.
"""

from __future__ import annotations

import typing as _typing

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
    StudioError,
    UndeclaredError,
    UniqueViolation,
)
from studio.model.composition import Failure, parallel, route, sequence, when
from studio.model.distribution import Constant, Exponential, LogNormal, Pareto, Uniform, Zipf
from studio.model.event import event
from studio.model.fault import zone
from studio.model.faults.delivery_faults import duplicate
from studio.model.faults.network_faults import latency, lose, timeout
from studio.model.faults.process_faults import crash, crash_at, down
from studio.model.handle import handle
from studio.model.invariant import Invariant, invariant
from studio.model.mesh import mesh
from studio.model.policy import Budget, Retry
from studio.model.resilience import Breaker, Bulkhead, Fallback
from studio.model.routing import ConsistentHash, Discovery
from studio.model.saga import Saga
from studio.model.scenario import Scenario, given, network, service_time, workload
from studio.model.service import Health, Service
from studio.model.third_party import External, Request, Response
from studio.model.verbs import Secret, call, is_stale, log, principal, publish, send, setting, stream

if _typing.TYPE_CHECKING:
    from studio.graph.system import System
    from studio.simulation.current import latest
    from studio.simulation.logbook import compare, delete_runs, runs
    from studio.simulation.run import Run
    from studio.simulation.simulate import RunInterrupted, simulate
    from studio.simulation.world import World, world
    from studio.store.writer import Log

__version__ = "0.1.0"

__all__ = [
    "Breaker",
    "BreakerOpen",
    "Budget",
    "Bulkhead",
    "BulkheadFull",
    "CallTimeout",
    "ConsistentHash",
    "Constant",
    "Contract",
    "DeadlinePassed",
    "Discovery",
    "Exponential",
    "External",
    "Failure",
    "Fallback",
    "Health",
    "Invariant",
    "Log",
    "LogNormal",
    "Pareto",
    "PublishFailed",
    "Request",
    "Response",
    "Retry",
    "Run",
    "RunInterrupted",
    "S",
    "Saga",
    "Scenario",
    "Secret",
    "Service",
    "ServiceError",
    "ServiceUnavailable",
    "StorageConflict",
    "StudioError",
    "System",
    "UndeclaredError",
    "Uniform",
    "UniqueViolation",
    "World",
    "Zipf",
    "__version__",
    "call",
    "compare",
    "crash",
    "crash_at",
    "delete_runs",
    "down",
    "duplicate",
    "event",
    "given",
    "handle",
    "invariant",
    "is_stale",
    "latency",
    "latest",
    "load_ipython_extension",
    "log",
    "lose",
    "mesh",
    "network",
    "parallel",
    "principal",
    "publish",
    "route",
    "runs",
    "send",
    "sequence",
    "service_time",
    "setting",
    "simulate",
    "stream",
    "timeout",
    "unload_ipython_extension",
    "when",
    "workload",
    "world",
    "zone",
]

_LATE = {
    "Log": "studio.store.writer",
    "Run": "studio.simulation.run",
    "RunInterrupted": "studio.simulation.simulate",
    "System": "studio.graph.system",
    "World": "studio.simulation.world",
    "compare": "studio.simulation.logbook",
    "delete_runs": "studio.simulation.logbook",
    "latest": "studio.simulation.current",
    "runs": "studio.simulation.logbook",
    "simulate": "studio.simulation.simulate",
    "world": "studio.simulation.world",
}


def __getattr__(name: str) -> _typing.Any:
    """Load what runs a system when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module 'studio' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_LATE[name]), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: _typing.Any) -> None:
    """Bring the magics into a notebook: `%load_ext studio`."""
    from studio.notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: _typing.Any) -> None:
    """Take the magics out of a notebook: `%unload_ext studio`."""
    from studio.notebook.extension import unload

    unload(shell)
