"""Faults of the delivery of events: what comes twice, out of order, or can never be handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.duration import duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["Duplicate", "duplicate"]


@registered
@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """Events of an address are delivered twice."""

    kind: ClassVar[str] = "duplicate"
    written: ClassVar[dict[str, str]] = {"after": "after_ns"}
    after_ns: int = 0


def duplicate(target: Target, *, after: str = "0s", **options: Any) -> Fault:
    """Deliver events of an address twice, the second time `after` the first.

    Args:
        target: Address or pattern of events.
        after: Between the two.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service published), `to` (only to this consumer's service).
    """
    return add(Duplicate(**aim(target), **when(options), after_ns=duration_ns(after)))
