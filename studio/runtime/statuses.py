"""Say in HTTP what went wrong: a status, and a JSON body with a stable code.

A declared error has the status that its class states. Ours have theirs from the table. Anything else is a 500 that
names the error's type, not its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.contract import ServiceError
from studio.errors import (
    BodyTooLarge,
    BreakerOpen,
    BulkheadFull,
    CallRefused,
    CallTimeout,
    DeadlineExceeded,
    DeadlinePassed,
    Fenced,
    IdempotencyMismatch,
    InvalidMessage,
    Overloaded,
    PublishFailed,
    RouteTwice,
    ServiceUnavailable,
    StorageConflict,
    StorageUnavailable,
    StudioError,
    UndeclaredError,
    UniqueViolation,
    UnknownAddress,
    UnknownRoute,
    WrongMethod,
)

__all__ = ["RETRY_AFTER_S", "Problem", "problem_of"]

RETRY_AFTER_S = 1
"""What `Retry-After` advises to whoever is refused for want of capacity."""

_STATUS: Mapping[str, int] = {
    BodyTooLarge.code: 413,
    BreakerOpen.code: 503,
    BulkheadFull.code: 503,
    CallTimeout.code: 504,
    DeadlineExceeded.code: 504,
    DeadlinePassed.code: 504,
    Fenced.code: 409,
    IdempotencyMismatch.code: 409,
    Overloaded.code: 503,
    PublishFailed.code: 503,
    RouteTwice.code: 500,
    ServiceUnavailable.code: 503,
    StorageConflict.code: 409,
    UndeclaredError.code: 502,
    UniqueViolation.code: 409,
    UnknownAddress.code: 404,
    UnknownRoute.code: 404,
    WrongMethod.code: 405,
}
_RETRIED = frozenset({
    BreakerOpen.code, BulkheadFull.code, Overloaded.code, ServiceUnavailable.code, PublishFailed.code,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that tells an error.

    Attributes:
        status: HTTP status.
        code: Of a declared error its name, of ours `STU…`.
        text: One line.
        fields: Of a declared error.
        headers: Beside the content type.
    """

    status: int
    code: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """Return the JSON body."""
        return json.dumps({"code": self.code, "text": self.text, "fields": dict(self.fields)}).encode()


def problem_of(error: BaseException) -> Problem:
    """Return what to answer when handling a request ended in an error."""
    if isinstance(error, ServiceError):
        told = json.loads(error.encode())
        return Problem(error.status, error.code(), told["text"], told["fields"])
    if isinstance(error, InvalidMessage):
        problems = [{"field": each.path, "value": each.value, "reason": each.reason} for each in error.problems]
        return Problem(422, error.code, _line(error), {"problems": problems})
    if isinstance(error, StorageUnavailable):  # a full disk is one too, under a code of its own
        return Problem(503, error.code, _line(error), headers={"retry-after": str(RETRY_AFTER_S)})
    if isinstance(error, StudioError):
        code = error.refusal if isinstance(error, CallRefused) else error.code
        return Problem(_status(error, code), code, _line(error), headers=_headers(error, code))
    return Problem(500, type(error).__name__, "the server failed to answer")


def _status(error: StudioError, code: str) -> int:
    status = _STATUS.get(code)
    if status is None and isinstance(error, CallRefused):
        return 502  # what we sent to another service was no valid message: our fault, not the client's
    return 500 if status is None else status


def _headers(error: StudioError, code: str) -> dict[str, str]:
    if isinstance(error, WrongMethod):
        return {"allow": error.allowed}
    return {"retry-after": str(RETRY_AFTER_S)} if code in _RETRIED else {}


def _line(error: StudioError) -> str:
    """Return an error's first line without its code; remedies are for authors, not for clients."""
    return error.text.splitlines()[0].removeprefix(f"{error.code}: ")
