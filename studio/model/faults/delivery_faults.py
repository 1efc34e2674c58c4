"""Faults of the delivery of events: what comes twice, out of order, or can never be handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["Duplicate", "Poison", "Reorder", "duplicate", "poison", "reorder"]


@registered
@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """Events of an address are delivered twice."""

    kind: ClassVar[str] = "duplicate"
    strikes: ClassVar[tuple[str, ...]] = ("event",)
    after_ns: int = 0


@registered
@dataclass(frozen=True, slots=True)
class Reorder(Fault):
    """Events of an address overtake each other: each is held for a while of its own, at most `within_ns`."""

    kind: ClassVar[str] = "reorder"
    strikes: ClassVar[tuple[str, ...]] = ("event", "owner")
    within_ns: int = SECOND_NS


@registered
@dataclass(frozen=True, slots=True)
class Poison(Fault):
    """A message that no handler can take, at whichever delivery: it fails, or kills the process, every time."""

    kind: ClassVar[str] = "poison"
    strikes: ClassVar[tuple[str, ...]] = ("event", "command")
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    key: str = ""
    kills: bool = False
    down_ns: int = SECOND_NS


def duplicate(target: Target, *, after: str = "0s", **options: Any) -> Fault:
    """Deliver events of an address twice, the second time `after` the first.

    Args:
        target: Address or pattern of events.
        after: Between the two.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service published), `to` (only to this consumer's service).
    """
    return add(Duplicate(**aim(target), **when(options), after_ns=duration_ns(after)))


def reorder(target: Target, *, within: str = "1s", **options: Any) -> Fault:
    """Let events of an address overtake each other on their way to their consumers.

    Args:
        target: Address or pattern of events, or the service that consumes them.
        within: Longest time that one is held back.
        options: As for `duplicate`.
    """
    return add(Reorder(**aim(target), **when(options), within_ns=duration_ns(within)))


def poison(target: Target, *, key: str = "", kills: bool = False, down_for: str = "1s", **options: Any) -> Fault:
    """Make a message one that no handler can take; by default the first of its address.

    Args:
        target: Address or pattern of events or commands.
        key: Only events of this key, all of them.
        kills: Whether it kills the process that handles it, at every delivery, instead of failing there.
        down_for: Until a killed process starts again.
        options: As for `duplicate`; occurrences count messages, not deliveries.
    """
    if not key and not {"every", "probability", "occurrence"} & set(options):
        options["occurrence"] = 1
    return add(Poison(**aim(target), **when(options), key=key, kills=kills, down_ns=duration_ns(down_for)))
