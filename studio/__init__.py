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
from studio.model.by_hand import by_hand
from studio.model.composition import Failure, parallel, route, sequence, when
from studio.model.distribution import Constant, Exponential, LogNormal, Pareto, Uniform, Zipf
from studio.model.effect import Effect
from studio.model.event import event
from studio.model.fault import zone
from studio.model.faults.broker_faults import broker_loses
from studio.model.faults.clock_faults import clock_drift, clock_jump, clock_offset
from studio.model.faults.composed_faults import swarm, together
from studio.model.faults.data_faults import hot_key, mismatch
from studio.model.faults.delivery_faults import duplicate, poison, reorder
from studio.model.faults.deploy_faults import deploy
from studio.model.faults.handler_faults import fail, garbage, hang, respond, slow
from studio.model.faults.network_faults import clog, late, latency, lose, partition, refuse, timeout
from studio.model.faults.party_faults import call_back, exhaust, throttle
from studio.model.faults.process_faults import crash, crash_at, down, pause
from studio.model.faults.storage_faults import (
    lose_unsynced,
    stale_read,
    storage_conflict,
    storage_error,
    storage_stall,
)
from studio.model.handle import handle
from studio.model.invariant import Invariant, invariant
from studio.model.mesh import mesh
from studio.model.phases import phases
from studio.model.policy import Budget, Retry
from studio.model.protection import Breaker, Bulkhead, Fallback
from studio.model.routing import ConsistentHash, Discovery
from studio.model.saga import Saga
from studio.model.scenario import Scenario, given, network, service_time, workload
from studio.model.service import Health, Service
from studio.model.third_party import External, Request, Response
from studio.model.verbs import Secret, call, is_stale, log, principal, publish, send, setting, stream

if _typing.TYPE_CHECKING:
    from studio.graph.loading import load
    from studio.graph.system import System
    from studio.simulation.campaign.campaign import Campaign, CampaignInterrupted
    from studio.simulation.campaign.campaigning import campaign
    from studio.simulation.counterexample.counterexample import Counterexample
    from studio.simulation.counterexample.kept import replay
    from studio.simulation.current import latest
    from studio.simulation.hunting.hunt import Hunt, hunt
    from studio.simulation.logbook import case_of, compare, delete_runs, runs
    from studio.simulation.run import Run
    from studio.simulation.simulate import RunInterrupted, simulate
    from studio.simulation.travel.diff import diff
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
    "Campaign",
    "CampaignInterrupted",
    "ConsistentHash",
    "Constant",
    "Contract",
    "Counterexample",
    "DeadlinePassed",
    "Discovery",
    "Effect",
    "Exponential",
    "External",
    "Failure",
    "Fallback",
    "Health",
    "Hunt",
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
    "broker_loses",
    "by_hand",
    "call",
    "call_back",
    "campaign",
    "case_of",
    "clock_drift",
    "clock_jump",
    "clock_offset",
    "clog",
    "compare",
    "crash",
    "crash_at",
    "delete_runs",
    "deploy",
    "diff",
    "down",
    "duplicate",
    "event",
    "exhaust",
    "fail",
    "garbage",
    "given",
    "handle",
    "hang",
    "hot_key",
    "hunt",
    "invariant",
    "is_stale",
    "late",
    "latency",
    "latest",
    "load",
    "load_ipython_extension",
    "log",
    "lose",
    "lose_unsynced",
    "mesh",
    "mismatch",
    "network",
    "parallel",
    "partition",
    "pause",
    "phases",
    "poison",
    "principal",
    "promises",
    "publish",
    "refuse",
    "reorder",
    "replay",
    "respond",
    "route",
    "runs",
    "send",
    "sequence",
    "service_time",
    "setting",
    "simulate",
    "slow",
    "stale_read",
    "storage_conflict",
    "storage_error",
    "storage_stall",
    "stream",
    "swarm",
    "throttle",
    "timeout",
    "together",
    "unload_ipython_extension",
    "when",
    "workload",
    "world",
    "zone",
]

_LATE = {
    "Campaign": "studio.simulation.campaign.campaign",
    "CampaignInterrupted": "studio.simulation.campaign.campaign",
    "Counterexample": "studio.simulation.counterexample.counterexample",
    "Hunt": "studio.simulation.hunting.hunt",
    "Log": "studio.store.writer",
    "Run": "studio.simulation.run",
    "RunInterrupted": "studio.simulation.simulate",
    "System": "studio.graph.system",
    "World": "studio.simulation.world",
    "campaign": "studio.simulation.campaign.campaigning",
    "case_of": "studio.simulation.logbook",
    "compare": "studio.simulation.logbook",
    "delete_runs": "studio.simulation.logbook",
    "diff": "studio.simulation.travel.diff",
    "hunt": "studio.simulation.hunting.hunt",
    "latest": "studio.simulation.current",
    "load": "studio.graph.loading",
    "promises": "studio.simulation.promises.promised",
    "replay": "studio.simulation.counterexample.kept",
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
    from studio.lab.kernel_side import attach
    from studio.notebook.extension import load

    load(shell)
    attach(shell)


def unload_ipython_extension(shell: _typing.Any) -> None:
    """Take the magics out of a notebook: `%unload_ext studio`."""
    from studio.lab.kernel_side import detach
    from studio.notebook.extension import unload

    detach(shell)
    unload(shell)
