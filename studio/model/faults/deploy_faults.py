"""Faults of deploying: replicas that are replaced one after another, and versions that live side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered

__all__ = ["Deploy", "deploy"]


@registered
@dataclass(frozen=True, slots=True)
class Deploy(Fault):
    """A rolling deploy: each replica takes no more work, ends what it has, stops, and starts anew."""

    kind: ClassVar[str] = "deploy"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("owner",)
    drain_ns: int = 5 * SECOND_NS
    start_ns: int = 0
    before: str = ""


def deploy(target: Target, *, at: str = "0s", drain: str = "5s", start: str = "0s", before: str = "") -> Fault:
    """Deploy a service or a saga's orchestrator, one replica after another.

    A replica that drains gets no more calls and events. What it has not ended when the time is over dies with it. With
    `before`, orchestrators of a saga run that version, and those before it, until they are deployed. Afterwards they
    run what the graph has: instances in flight go on by their own version, or are parked as stuck without it.

    Args:
        target: Service, saga, or a list of them, which are deployed one after another.
        at: Instant since the run began.
        drain: Longest time to end what a replica has.
        start: From its stop to its start.
        before: Version of a saga that runs until then; empty for what the graph has.
    """
    drain_ns, start_ns = duration_ns(drain), duration_ns(start)
    return add(Deploy(**aim(target), from_ns=duration_ns(at), drain_ns=drain_ns, start_ns=start_ns, before=before))
