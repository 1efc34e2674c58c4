"""Faults of third parties: requests that find no connection, that are throttled, or answered after a call back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["CallBack", "Exhaust", "Throttle", "call_back", "exhaust", "throttle"]


@registered
@dataclass(frozen=True, slots=True)
class Exhaust(Fault):
    """A process has few connections to third parties: further requests wait, and fail with `httpx.PoolTimeout`."""

    kind: ClassVar[str] = "exhaust"
    strikes: ClassVar[tuple[str, ...]] = ("party", "owner")
    connections: int = 1
    wait_ns: int = SECOND_NS

    def complaint(self) -> str:
        """Refuse a negative number."""
        return f"connections={self.connections} is negative" if self.connections < 0 else ""


@registered
@dataclass(frozen=True, slots=True)
class Throttle(Fault):
    """A third party refuses requests with 429 and `Retry-After`; it does nothing for them."""

    kind: ClassVar[str] = "throttle"
    strikes: ClassVar[tuple[str, ...]] = ("party",)
    rate_per_s: float = 0.0
    retry_after_ns: int = SECOND_NS

    def complaint(self) -> str:
        """Refuse a negative rate."""
        return f"rate_per_s={self.rate_per_s} is negative" if self.rate_per_s < 0 else ""


@registered
@dataclass(frozen=True, slots=True)
class CallBack(Fault):
    """A third party calls back before it replies: its response waits until our endpoint has answered."""

    kind: ClassVar[str] = "call-back"
    strikes: ClassVar[tuple[str, ...]] = ("party",)


def exhaust(target: Target, *, connections: int = 1, wait: str = "1s", **options: Any) -> Fault:
    """Leave each process few connections to a third party.

    Args:
        target: Third party, or a service, for all its requests to third parties together.
        connections: Requests under way at once, for each replica; 0 for none at all.
        wait: How long a request waits for one before `httpx.PoolTimeout`; it has not been sent then.
        options: `at`, `until` (durations since the run began), `to` (only this third party), `source` (only what this
            service, or replica, sends).
    """
    return add(Exhaust(**aim(target), **when(options), connections=connections, wait_ns=duration_ns(wait)))


def throttle(target: Target, *, rate_per_s: float = 0.0, retry_after: str = "1s", **options: Any) -> Fault:
    """Let a third party refuse requests with 429.

    Args:
        target: Third party.
        rate_per_s: Requests that it takes in each second, from all of us; 0 for none.
        retry_after: What its response says, in whole seconds, rounded up.
        options: `at`, `until` (durations since the run began), `probability` (of each that is beyond the rate),
            `occurrence` (only the n-th of these), `every` (each n-th), `source` (only what this service sends).
    """
    retry_after_ns = duration_ns(retry_after)
    return add(Throttle(**aim(target), **when(options), rate_per_s=float(rate_per_s), retry_after_ns=retry_after_ns))


def call_back(target: Target, **options: Any) -> Fault:
    """Let a third party call back before it replies: what its stub does with `external.callback(...)`.

    Args:
        target: Third party.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only requests of this service).
    """
    return add(CallBack(**aim(target), **when(options)))
