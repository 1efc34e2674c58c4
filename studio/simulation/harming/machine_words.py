"""Say in words what befalls machines, data and third parties; `studio.simulation.harming.fault_words` says the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.model.distribution import Constant, Distribution, Exponential
from studio.model.duration import duration_ns, format_ns
from studio.model.fault import Fault
from studio.model.faults.broker_faults import BrokerLoses
from studio.model.faults.clock_faults import ClockDrift, ClockJump, ClockOffset
from studio.model.faults.data_faults import HotKey, Mismatch
from studio.model.faults.deploy_faults import Deploy
from studio.model.faults.party_faults import CallBack, Exhaust, Throttle
from studio.model.faults.storage_faults import LoseUnsynced, StaleRead, StorageClash, StorageError, StorageStall

__all__ = ["MACHINE_WORDS", "MOMENTARY", "span"]

MOMENTARY = (BrokerLoses, ClockJump, Deploy, LoseUnsynced)
"""Kinds that strike at an instant, and have no window."""


def _storage(target: str) -> str:
    return "the storage" if target == "*" else target


def _failing(fault: StorageError, which: str, target: str) -> str:
    what = "operation" if fault.operation == "any" else fault.operation
    failing = "stands, but its answer is lost" if fault.committed else "fails"
    return f"{which}{what} of {_storage(target)} {failing}"


def _stalling(fault: StorageStall, which: str, target: str) -> str:
    what = "operation" if fault.operation == "any" else fault.operation
    return f"{which}{what} of {_storage(target)} takes longer by {span(fault.extra)}"


def span(extra: Distribution) -> str:
    """Return how much longer something takes: `2 s`, or `200 ms on average`."""
    if isinstance(extra, Exponential):
        return f"{format_ns(duration_ns(extra.mean))} on average"
    return format_ns(duration_ns(extra.value)) if isinstance(extra, Constant) else str(extra)


def _offset(fault: ClockOffset, _: str, target: str) -> str:
    return f"the clock of {target} is {format_ns(fault.by_ns)} {'behind' if fault.back else 'ahead'}"


def _jump(fault: ClockJump, _: str, target: str) -> str:
    return f"the clock of {target} is set {format_ns(fault.by_ns)} {'back' if fault.back else 'ahead'}"


def _drift(fault: ClockDrift, _: str, target: str) -> str:
    return f"the clock of {target} runs {'fast' if fault.ppm > 0 else 'slow'} by {abs(fault.ppm)} ppm"


def _exhausted(fault: Exhaust, _: str, target: str) -> str:
    count = f"{fault.connections or 'no'} connection{'' if fault.connections == 1 else 's'}"
    return f"each process has {count} for requests of {target}, and waits {format_ns(fault.wait_ns)} for one"


def _throttled(fault: Throttle, which: str, target: str) -> str:
    beyond = f"request beyond {fault.rate_per_s:g} a second" if fault.rate_per_s else "request"
    return f"{target} answers {which}{beyond} with 429"


def _mismatched(fault: Mismatch, which: str, target: str) -> str:
    changes = [
        *(f"without {name}" for name in fault.drop),
        *(f"with {name} as {new}" for name, new in fault.rename),
        *(f"with {name}={value!r}" for name, value in fault.add),
    ]
    what = "reply" if fault.leg == "reply" else "message"
    return f"{which}{what} of {target} arrives {', '.join(changes) or 'as it is'}"


def _deployed(fault: Deploy, _: str, target: str) -> str:
    before = f", in version {fault.before} until then" if fault.before else ""
    return f"{target} is deployed, one replica after another, with {format_ns(fault.drain_ns)} to drain{before}"


MACHINE_WORDS: dict[type[Fault], Callable[[Any, str, str], str]] = {
    StorageError: _failing,
    StorageStall: _stalling,
    StorageClash: lambda _, which, target: f"another writer comes before {which}commit of {_storage(target)}",
    StaleRead: lambda fault, which, target: (
        f"{which}read of {_storage(target)} shows what stood {format_ns(fault.behind_ns)} ago"
    ),
    LoseUnsynced: lambda fault, _, target: (
        f"the storage of {target} crashes and loses its last {format_ns(fault.last_ns)}"
    ),
    ClockOffset: _offset,
    ClockDrift: _drift,
    ClockJump: _jump,
    Exhaust: _exhausted,
    Throttle: _throttled,
    CallBack: lambda _, which, target: f"{target} calls back before it replies to {which}request",
    HotKey: lambda fault, _, target: f"messages of {target} share one {fault.field}",
    Mismatch: _mismatched,
    Deploy: _deployed,
    BrokerLoses: lambda fault, *_: f"the broker loses what it stored in the last {format_ns(fault.last_ns)}",
}
"""How to say each kind: takes the fault, which occasions it means, and its targets."""
