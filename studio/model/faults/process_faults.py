"""Faults of processes: they crash at an instant or at a named point, and whole services are away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["POINTS", "Crash", "CrashPoint", "Down", "Pause", "crash", "crash_at", "down", "pause"]

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
    """A replica's process dies at an instant and starts again later; its memory is lost.

    With `times` above 1 it is caught in a loop: each restart dies again, `lives_ns` after it started.
    """

    kind: ClassVar[str] = "crash"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica")
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    replica: int = 1
    down_ns: int = SECOND_NS
    times: int = 1
    lives_ns: int = 0

    def complaint(self) -> str:
        """Say what is wrong with its numbers."""
        if self.replica < 1:
            return f"replica={self.replica} is below 1"
        if self.source or self.to:
            return "a crash has neither source nor `to`"
        return "" if self.times >= 1 else f"times={self.times} is below 1"


@registered
@dataclass(frozen=True, slots=True)
class CrashPoint(Fault):
    """A process dies at a named point; the target is the address, collection or `Saga.step` there."""

    kind: ClassVar[str] = "crash-point"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica", "party", "command", "event", "step", "collection", "job")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"point": POINTS}
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    point: str = "before-acknowledge"
    down_ns: int = SECOND_NS
    times: int = 1

    def complaint(self) -> str:
        """Say what is wrong with its numbers."""
        return "" if self.times >= 1 else f"times={self.times} is below 1"


@registered
@dataclass(frozen=True, slots=True)
class Down(Fault):
    """A whole service (or third party) refuses connections within the window."""

    kind: ClassVar[str] = "down"
    tempo: ClassVar[str] = "window"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica", "party")


@registered
@dataclass(frozen=True, slots=True)
class Pause(Fault):
    """A process stands still, and goes on later as if nothing had been: with its old beliefs, as a zombie.

    Its timers, and whatever comes for it, wait. Where it is replaced meanwhile, two of them live when it wakes; of a
    saga, two orchestrators, and the former must find itself fenced.
    """

    kind: ClassVar[str] = "pause"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica")
    replica: int = 1
    lasts_ns: int = 10 * SECOND_NS
    replaced_after_ns: int | None = None

    def complaint(self) -> str:
        """Say what is wrong with its numbers."""
        if self.replica < 1:
            return f"replica={self.replica} is below 1"
        if self.source or self.to:
            return "a pause has neither source nor `to`"
        if self.replaced_after_ns is not None and self.replaced_after_ns >= self.lasts_ns:
            return "it wakes before it is replaced"
        return ""


def crash(
    target: Target, *, at: str = "0s", down_for: str = "1s", replica: int = 1, times: int = 1, lives: str = "0s"
) -> Fault:
    """Kill a replica at an instant.

    Args:
        target: Service, saga, a replica such as `Payment/2`, all of them as `Payment/*`, a zone, or a list of them,
            which die as one.
        at: Instant since the run began.
        down_for: Until its next incarnation starts.
        replica: From 1; of targets that name none.
        times: How often it dies in all: above 1 it is caught in a crash loop.
        lives: How long a restarted one lives until it dies again.
    """
    return add(
        Crash(
            **aim(target), from_ns=duration_ns(at), replica=replica, down_ns=duration_ns(down_for), times=times,
            lives_ns=duration_ns(lives),
        )
    )  # fmt: skip


def crash_at(point: str, target: Target, *, down_for: str = "1s", times: int = 1, **options: Any) -> Fault:
    """Kill the process that reaches a named point, by default the first time.

    Args:
        point: One of `POINTS`.
        target: Address, collection (`Inventory.stock`) or `Saga.step` at that point, or whose process it is.
        down_for: Until the next incarnation starts.
        times: How often it dies in all: a restarted one dies again at once until then.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `to` (only in the processes of this service).
    """
    if not {"every", "probability", "occurrence"} & set(options):
        options["occurrence"] = 1
    return add(CrashPoint(**aim(target), **when(options), point=point, down_ns=duration_ns(down_for), times=times))


def down(target: Target, **options: Any) -> Fault:
    """Let a whole service or third party refuse connections.

    Args:
        target: Service, saga, third party, a replica such as `Payment/2`, a zone, or a list of them.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service sends).
    """
    return add(Down(**aim(target), **when(options)))


def pause(
    target: Target, *, at: str = "0s", lasts: str = "10s", replica: int = 1, replaced_after: str | None = None
) -> Fault:
    """Let a process stand still for a while, and wake as a zombie.

    Args:
        target: Service, saga, a replica such as `Payment/2`, all of them as `Payment/*`, a zone, or a list of them.
        at: Instant since the run began.
        lasts: Until it goes on; ten seconds is the shortest life of a session that Consul allows, so that whoever
            believed to hold one holds it no more.
        replica: From 1; of targets that name none.
        replaced_after: When another process takes its place, in the belief that it is dead; None for never. Kubernetes
            needs 30 s by default (a liveness probe every 10 s, three failures).
    """
    after_ns = None if replaced_after is None else duration_ns(replaced_after)
    return add(
        Pause(
            **aim(target), from_ns=duration_ns(at), lasts_ns=duration_ns(lasts), replica=replica,
            replaced_after_ns=after_ns,
        )
    )  # fmt: skip
