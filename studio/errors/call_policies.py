"""Errors of the policies between a caller and a callee: refused before the call, or out of time over all attempts.

What the caller's own policies refuse has not run; so those errors are kinds of `ServiceUnavailable`.
"""

from __future__ import annotations

from studio.errors.message_handling import CallTimeout, ServiceUnavailable
from studio.errors.studio_error import StudioError

__all__ = ["BreakerOpen", "BulkheadFull", "DeadlinePassed", "FallbackChangesState", "InTwoMeshes"]


class FallbackChangesState(StudioError):
    """A fallback would answer for an operation that changes state."""

    code = "STU460"
    problem = "operation={operation}: a fallback would say that it was done when it was not"
    remedy = (
        "Take the fallback away, or declare `reads_only=True` where it changes nothing (every operation of a service "
        "of kind query reads only)."
    )

    operation: str


class BreakerOpen(ServiceUnavailable):
    """The caller's circuit breaker is open; nothing was sent."""

    code = "STU461"
    problem = "address={address}: the breaker for {target} is open after {reason}; the next probe is due in {left}"
    remedy = "Try later, or declare a fallback; the callee has not been asked."

    target: str
    reason: str
    left: str


class BulkheadFull(ServiceUnavailable):
    """The caller has as many calls of this service under way as its bulkhead allows; nothing was sent."""

    code = "STU462"
    problem = "address={address}: {running} calls of {service} are under way and {waiting} wait; refused"
    remedy = "Try later, or raise Bulkhead(concurrent=…, queue=…); the callee has not been asked."

    running: int
    waiting: int


class DeadlinePassed(CallTimeout):
    """The total deadline of a call passed, over all its attempts; one of them may have run."""

    code = "STU463"
    problem = "address={address}: no answer within its deadline of {timeout}, after {attempts} attempts"
    remedy = "Treat the outcome as unknown, or give a longer deadline=…; it bounds all attempts and the waits between."

    attempts: int


class InTwoMeshes(StudioError):
    """A service is a member of two meshes, which may say different things about its calls."""

    code = "STU464"
    problem = "service={service} is a member of the meshes {first} and {second}"
    remedy = "Take it out of one of them; give it policies of its own with `service.policy(...)`."

    service: str
    first: str
    second: str
