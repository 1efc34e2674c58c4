"""Faults of processes: they crash at an instant or at a named point, and whole services are away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.errors import InvalidFault
from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["POINTS", "Crash", "CrashPoint", "Down", "crash", "crash_at", "down"]

POINTS = (
    "before-handler",
    "after-effect",
    "before-journal",
    "before-publish",
    "before-acknowledge",
    "during-compensation",
)
"""Named places at which a crash can fall."""


@registered
@dataclass(frozen=True, slots=True)
class Crash(Fault):
    """A replica's process dies at an instant and starts again later; its memory is lost."""

    kind: ClassVar[str] = "crash"
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    replica: int = 1
    down_ns: int = SECOND_NS


@registered
@dataclass(frozen=True, slots=True)
class CrashPoint(Fault):
    """A process dies at a named point; the target is the address, collection or `Saga.step` there."""

    kind: ClassVar[str] = "crash-point"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"point": POINTS}
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    point: str = "before-acknowledge"
    down_ns: int = SECOND_NS


@registered
@dataclass(frozen=True, slots=True)
class Down(Fault):
    """A whole service (or third party) refuses connections within the window."""

    kind: ClassVar[str] = "down"


def crash(target: Target, *, at: str = "0s", down_for: str = "1s", replica: int = 1) -> Fault:
    """Kill a replica at an instant.

    Args:
        target: Service, saga, a replica such as `Payment/2`, a zone, or a list of them, which die as one.
        at: Instant since the run began.
        down_for: Until its next incarnation starts.
        replica: From 1; of targets that name none.
    """
    if replica < 1:
        raise InvalidFault(fault=Crash.kind, reason=f"replica={replica} is below 1")
    return add(Crash(**aim(target), from_ns=duration_ns(at), replica=replica, down_ns=duration_ns(down_for)))


def crash_at(point: str, target: Target, *, down_for: str = "1s", **options: Any) -> Fault:
    """Kill the process that reaches a named point, by default the first time.

    Args:
        point: One of `POINTS`.
        target: Address, collection (`Inventory.stock`) or `Saga.step` at that point, or whose process it is.
        down_for: Until the next incarnation starts.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `to` (only in the processes of this service, or this replica).
    """
    if "every" not in options and "probability" not in options:
        options.setdefault("occurrence", 1)
    return add(CrashPoint(**aim(target), **when(options), point=point, down_ns=duration_ns(down_for)))


def down(target: Target, **options: Any) -> Fault:
    """Let a whole service or third party refuse connections.

    Args:
        target: Service, saga, third party, a replica such as `Payment/2`, a zone, or a list of them.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service sends).
    """
    return add(Down(**aim(target), **when(options)))
