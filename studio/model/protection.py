"""Declare what protects a caller from a callee that is ill: a circuit breaker, a bulkhead, a fallback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from studio.address import parse
from studio.errors import InvalidDeclaration
from studio.model.duration import duration_ns
from studio.model.handle import OperationHandle, ServiceHandle, service_name

__all__ = ["NO_VALUE", "Breaker", "Bulkhead", "Fallback", "Scope"]

Scope = Literal["operation", "callee"]


class _NoValue:
    """Stands where no value is given, since None is a value."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE = _NoValue()


@dataclass(frozen=True, slots=True)
class Breaker:
    """Stop calling what keeps failing, for a while: closed, open, half-open.

    Closed, it counts timeouts, refused connections, declared server errors (status 500 and above) and undeclared
    failures; business errors count as answers. Open, it refuses at once. After `open_for` it lets `probes` calls
    through: when all of them are answered it closes, and the first that fails opens it again. Its state is the
    caller's memory: each replica of a caller has its own, and a crash forgets it.

    Args:
        failures: Opens at so many failures within `window`; 5 where neither this nor `failure_rate` is given.
        window: How far back calls count.
        failure_rate: Opens when this share of the calls within `window` failed, above 0 to 1.
        minimum: Calls within `window` below which the rate says nothing.
        open_for: How long it stays open.
        probes: Calls that it lets through when half-open.
        scope: `operation` counts each operation of a callee by itself, `callee` all of them together: one slow
            operation then cuts off the healthy ones too.

    Example:
        >>> Breaker(failures=5, open_for="60s").failures
        5
    """

    failures: int | None = None
    window: str = "10s"
    failure_rate: float | None = None
    minimum: int = 10
    open_for: str = "60s"
    probes: int = 1
    scope: Scope = "operation"

    def __post_init__(self) -> None:
        if self.failures is None and self.failure_rate is None:
            object.__setattr__(self, "failures", 5)
        if self.failures is not None and self.failures < 1:
            raise _invalid(f"Breaker(failures={self.failures})", "opens before anything failed", "Give 1 or more.")
        if self.failure_rate is not None and not 0 < self.failure_rate <= 1:
            raise _invalid(f"Breaker(failure_rate={self.failure_rate})", "is no share", "Give more than 0, up to 1.")
        if self.minimum < 1 or self.probes < 1:
            raise _invalid("Breaker(minimum, probes)", "is less than one", "Give 1 or more.")
        if self.scope not in ("operation", "callee"):
            raise _invalid(f"Breaker(scope={self.scope!r})", "is unknown", 'Use "operation" or "callee".')
        if not duration_ns(self.window) or not duration_ns(self.open_for):
            raise _invalid("Breaker(window, open_for)", "is zero", 'Give durations such as "10s".')


@dataclass(frozen=True, slots=True)
class Bulkhead:
    """Bound the calls that a caller has under way at one callee, so that a slow one cannot take all there is.

    Args:
        concurrent: Calls under way at once, from one replica of the caller to all of the callee.
        queue: Calls that wait for a place; more are refused.
    """

    concurrent: int = 10
    queue: int = 0

    def __post_init__(self) -> None:
        if self.concurrent < 1 or self.queue < 0:
            what = f"Bulkhead(concurrent={self.concurrent}, queue={self.queue})"
            raise _invalid(what, "out of range", "Give at least one place, and no negative queue.")


@dataclass(frozen=True, slots=True)
class Fallback:
    """Answer in the callee's place when it does not: never for what changes state, which would then seem done.

    Args:
        value: An answer.
        function: Makes an answer from the message; may be async.
        service: Another service: its operation of the same name, or its only one.
        address: Another operation: `$.Backup.rates`, or `Backup.rates`.
        last_good: The latest answer to the same message from the same principal, marked stale (`is_stale(answer)`);
            where there is none, what else is given.
        most_age: Of a last good answer; older ones are not given.
        most: Answers kept by one replica of the caller; those unused longest are forgotten.

    Example:
        >>> Fallback(value=0).last_good
        False
    """

    value: Any = NO_VALUE
    function: Callable[[Any], Any] | None = None
    service: Any = None
    address: Any = None
    last_good: bool = False
    most_age: str = "1h"
    most: int = 1000

    def __post_init__(self) -> None:
        given = sum(each is not None for each in (self.function, self.service, self.address))
        given += self.value is not NO_VALUE
        if given > 1 or not (given or self.last_good):
            raise _invalid(
                "Fallback()",
                "needs one answer",
                "Give one of value, function, service and address; last_good=True alone or before it.",
            )
        if self.function is not None and not callable(self.function):
            raise _invalid("Fallback(function)", "is not a function", "Give a function of the message.")
        if self.service is not None:
            object.__setattr__(self, "service", _service(self.service))
        if self.address is not None and not isinstance(self.address, OperationHandle):
            object.__setattr__(self, "address", str(parse(self.address)))
        if self.most < 1 or not duration_ns(self.most_age):
            raise _invalid("Fallback(most, most_age)", "keeps nothing", "Give 1 or more, and a duration above zero.")

    @property
    def is_fixed(self) -> bool:
        """Whether it answers one operation only: a value, a function or an address suits no other."""
        return self.value is not NO_VALUE or self.function is not None or self.address is not None


def _service(service: Any) -> str:
    """Return the name of another service, given by handle, declaration or name."""
    if isinstance(service, ServiceHandle):
        return service_name(service)
    name = service if isinstance(service, str) else getattr(service, "name", None)
    if not isinstance(name, str) or isinstance(service, OperationHandle):
        raise _invalid(f"Fallback(service={service!r})", "is no service", "Give a service, such as Backup.")
    return name


def _invalid(what: str, reason: str, remedy: str) -> InvalidDeclaration:
    return InvalidDeclaration(what=what, reason=reason, remedy_text=remedy)
