"""Declare policies as values: how often a step or call is tried again, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.errors import InvalidDeclaration
from studio.model.duration import duration_ns

__all__ = ["NO_RETRY", "Budget", "Retry"]

Backoff = Literal["exponential", "fixed", "none"]


@dataclass(frozen=True, slots=True)
class Budget:
    """Bound the retries of a caller to a callee by a share of its calls, so that retries cannot multiply an outage.

    The defaults are those of Finagle's `RetryBudget` (a fifth of the calls, remembered for 10 s) and of Envoy's
    `retry_budget` (`budget_percent` 20 %); `least` stands for their `minRetriesPerSec` and `min_retry_concurrency`.

    Args:
        share: Of the calls of the last `window` that may be tried again, above 0 to 1.
        window: How far back calls and retries count.
        least: Retries within the window that are allowed however few calls there were.
    """

    share: float = 0.2
    window: str = "10s"
    least: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or self.least < 0 or not duration_ns(self.window):
            raise InvalidDeclaration(
                what=f"Budget(share={self.share}, window={self.window!r}, least={self.least})",
                reason="out of range",
                remedy_text="Give a share above 0 and up to 1, a window above zero and no negative number.",
            )


@dataclass(frozen=True, slots=True)
class Retry:
    """Say how often something is tried, and how long to wait in between.

    Args:
        attempts: In all, the first included; 1 is no retry.
        backoff: `exponential` doubles `first` at each retry, `fixed` repeats it, `none` does not wait.
        first: Wait before the second attempt.
        most: Longest wait.
        jitter: Share of the wait that is drawn at random, 0 to 1.
        never: Errors that are not tried again. Declared errors (`ServiceError`) are business outcomes and never are,
            unless named in `also`.
        also: Declared errors that are tried again all the same.
        only: `idempotent` retries calls of idempotent operations only, `all` any call. Saga steps are always retried,
            since they carry a stable idempotency key.
        budget: Bounds the retries of all calls of one caller to one callee; None for no bound.

    Example:
        >>> Retry(attempts=3, backoff="fixed", first="200ms").wait_ns(2, 0.0)
        200000000
    """

    attempts: int = 3
    backoff: Backoff = "exponential"
    first: str = "100ms"
    most: str = "30s"
    jitter: float = 0.5
    never: tuple[type[Exception], ...] = ()
    also: tuple[type[Exception], ...] = ()
    only: Literal["idempotent", "all"] = "idempotent"
    budget: Budget | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "never", tuple(self.never))
        object.__setattr__(self, "also", tuple(self.also))
        if self.attempts < 1:
            raise InvalidDeclaration(
                what=f"Retry(attempts={self.attempts})",
                reason="at least one attempt is made",
                remedy_text="Give attempts=1 for no retry.",
            )
        if self.backoff not in ("exponential", "fixed", "none"):
            raise InvalidDeclaration(
                what=f"Retry(backoff={self.backoff!r})",
                reason="unknown backoff",
                remedy_text="Use exponential, fixed or none.",
            )
        if not 0 <= self.jitter <= 1:
            raise InvalidDeclaration(
                what=f"Retry(jitter={self.jitter})",
                reason="jitter is a share from 0 to 1",
                remedy_text="Give a number between 0 and 1.",
            )
        duration_ns(self.first)
        duration_ns(self.most)

    def wait_ns(self, attempt: int, draw: float) -> int:
        """Return how long to wait before an attempt.

        Args:
            attempt: The one to come, from 2.
            draw: Uniform in [0, 1); takes away up to `jitter` of the wait.
        """
        if self.backoff == "none":
            return 0
        factor = 2 ** min(attempt - 2, 62) if self.backoff == "exponential" else 1
        whole_ns = min(duration_ns(self.first) * factor, duration_ns(self.most))
        return round(whole_ns * (1 - self.jitter * draw))

    def retries(self, error: Exception, *, business: bool) -> bool:
        """Say whether an error is worth another attempt.

        Args:
            error: What was raised.
            business: Whether it is a declared error.
        """
        if isinstance(error, self.never):
            return False
        return not business or isinstance(error, self.also)


NO_RETRY = Retry(attempts=1)
