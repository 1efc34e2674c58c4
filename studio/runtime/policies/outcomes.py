"""Say what an error of a call means to policies: whether the callee is ill, whether another attempt may help."""

from __future__ import annotations

from studio.contract import ServiceError
from studio.errors import (
    BreakerOpen,
    BulkheadFull,
    CallRefused,
    CallTimeout,
    DeadlineExceeded,
    DeadlinePassed,
    Overloaded,
    ServiceUnavailable,
    UndeclaredError,
)
from studio.model.policy import Retry

__all__ = ["is_failure", "is_own_refusal", "is_unknown", "is_worth_another"]

_OWN = (BreakerOpen, BulkheadFull, DeadlinePassed)
"""What the caller's own policies raise: nothing was sent, and it says nothing about the callee."""
_PASSING = frozenset({Overloaded.code, DeadlineExceeded.code})
"""Refusals that say nothing about the message: another attempt, with a deadline of its own, may be taken."""


def is_own_refusal(error: BaseException) -> bool:
    """Tell whether the caller's own policies kept the call back."""
    return isinstance(error, _OWN)


def is_failure(error: BaseException) -> bool:
    """Tell whether the callee did not do its work: what breakers count, and fallbacks answer for.

    Timeouts, refused connections, overload, undeclared errors, and declared ones with status 500 and above; a business
    error is an answer.
    """
    if isinstance(error, ServiceError):
        return error.status >= 500
    if isinstance(error, CallRefused):
        return error.refusal in _PASSING
    return isinstance(error, (CallTimeout, ServiceUnavailable, UndeclaredError))


def is_unknown(error: BaseException) -> bool:
    """Tell whether the callee may have run all the same."""
    return isinstance(error, (CallTimeout, UndeclaredError))


def is_worth_another(retry: Retry, error: Exception) -> bool:
    """Tell whether another attempt may help.

    What the caller's own policies refused is not tried again within the call: a breaker stays open for longer than any
    wait between attempts, and a bulkhead that is full has no room for insistence.
    """
    if is_own_refusal(error):
        return False
    business = isinstance(error, ServiceError)
    transient = isinstance(error, (CallTimeout, ServiceUnavailable, UndeclaredError)) or (
        isinstance(error, CallRefused) and error.refusal in _PASSING
    )
    return (business or transient) and retry.retries(error, business=business)
