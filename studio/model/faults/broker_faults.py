"""Faults of the broker itself: what it has acknowledged, and loses all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered

__all__ = ["BUS", "BrokerLoses", "broker_loses"]

BUS = "bus"
"""What the broker is called in plans."""


@registered
@dataclass(frozen=True, slots=True)
class BrokerLoses(Fault):
    """The broker crashes, and loses what it acknowledged last and had not synced; it is back at once."""

    kind: ClassVar[str] = "broker-loses"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("bus",)
    target: str = BUS
    last_ns: int = SECOND_NS


def broker_loses(target: Target = BUS, *, at: str = "0s", last: str = "1s") -> Fault:
    """Let the broker lose the events that it stored last, though it told their publishers that they are safe.

    What has been handled and acknowledged by then stays so; the rest is never delivered. Brokers that acknowledge
    before they have synced do this when their machine loses power; the page of each delivery model says how long.

    Args:
        target: `bus`; there is one broker.
        at: Instant since the run began.
        last: How far back events are lost.
    """
    return add(BrokerLoses(**aim(target), from_ns=duration_ns(at), last_ns=duration_ns(last)))
