"""Faults of who answers: declared errors, answers of status 5xx, garbage, handlers that hang or are slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.distribution import Constant, Distribution, distribution
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["Fail", "Garbage", "Hang", "Respond", "Slow", "fail", "garbage", "hang", "respond", "slow"]

HANDLERS = ("command", "event", "step", "job", "owner", "replica")
"""What faults of handlers can strike: those of an address, a saga's step, a job, or all of a service or replica."""
_DURING = ("handler", "compensation")


@registered
@dataclass(frozen=True, slots=True)
class Fail(Fault):
    """A handler, or a saga's step or compensation, raises an error before it has done anything."""

    kind: ClassVar[str] = "fail"
    strikes: ClassVar[tuple[str, ...]] = HANDLERS
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"during": _DURING}
    error: str = ""
    during: str = "handler"


@registered
@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """A handler never returns; a third party never answers. It holds whatever it has taken: its place, its event."""

    kind: ClassVar[str] = "hang"
    strikes: ClassVar[tuple[str, ...]] = (*HANDLERS, "party")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"during": _DURING}
    during: str = "handler"


@registered
@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """Handlers take longer, and hold their places meanwhile: a slow consumer, a slow replica, a slow third party."""

    kind: ClassVar[str] = "slow"
    strikes: ClassVar[tuple[str, ...]] = (*HANDLERS, "party")
    extra: Distribution = Constant("1s")  # noqa: RUF009 - it is frozen


@registered
@dataclass(frozen=True, slots=True)
class Respond(Fault):
    """A third party answers with a status, such as 503, instead of its own answer."""

    kind: ClassVar[str] = "respond"
    strikes: ClassVar[tuple[str, ...]] = ("party",)
    status: int = 503
    body: str = ""
    ran: bool = False

    def complaint(self) -> str:
        """Say what is wrong with its status."""
        return "" if 100 <= self.status <= 599 else f"status={self.status} is not between 100 and 599"


@registered
@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """What arrives cannot be read: bytes that are no text, or JSON of another shape.

    Without a leg it is what is usual: a call's or an event's message, a third party's response.
    """

    kind: ClassVar[str] = "garbage"
    strikes: ClassVar[tuple[str, ...]] = ("command", "event", "party", "owner")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("", "request", "reply"), "shape": ("bytes", "json")}
    leg: str = ""
    shape: str = "bytes"


def fail(target: Target, error: str | type[Exception] = "", *, during: str = "handler", **options: Any) -> Fault:
    """Let a handler fail.

    Args:
        target: Address, `Saga.step`, job, service, replica such as `Payment/2`, or a list of them.
        error: Name of an error that the operation declares in `raises`; without it the handler fails as by a bug.
        during: `handler`, or `compensation` of a saga's step.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service sends), `to` (only at this service).

    Example:
        >>> fail("$.Payment.process", error="CardDeclined", occurrence=1).error
        'CardDeclined'
    """
    name = error if isinstance(error, str) else error.__name__
    return add(Fail(**aim(target), **when(options), error=name, during=during))


def hang(target: Target, *, during: str = "handler", **options: Any) -> Fault:
    """Let a handler hang for ever, or a third party never answer; by default the first time.

    Args:
        target: As for `fail`, or a third party.
        during: `handler`, or `compensation` of a saga's step.
        options: As for `fail`.
    """
    if not {"every", "probability", "occurrence", "at", "until"} & set(options):
        options["occurrence"] = 1
    return add(Hang(**aim(target), **when(options), during=during))


def slow(target: Target, extra: str | Distribution = "1s", **options: Any) -> Fault:
    """Let handlers take longer.

    Args:
        target: As for `fail`, or a third party.
        extra: Duration or distribution, on top of the declared service time.
        options: As for `fail`.
    """
    return add(Slow(**aim(target), **when(options), extra=distribution(extra)))


def respond(target: Target, status: int = 503, *, body: str = "", ran: bool = False, **options: Any) -> Fault:
    """Let a third party answer with a status of its infrastructure instead of its own answer.

    Args:
        target: Third party.
        status: 100 to 599; 503, as load balancers answer that have nobody behind them (RFC 9110, 15.6.4).
        body: Of the response.
        ran: Whether the third party has acted all the same, as behind a gateway that gave up (504).
        options: As for `fail`.
    """
    return add(Respond(**aim(target), **when(options), status=status, body=body, ran=ran))


def garbage(target: Target, *, leg: str = "", shape: str = "bytes", **options: Any) -> Fault:
    """Let what arrives be unreadable.

    Args:
        target: Address, service, third party, or a list of them.
        leg: `request` or `reply`; by default a call's or an event's message, and a third party's response.
        shape: `bytes` that are no text, or `json` of another shape.
        options: As for `fail`.
    """
    return add(Garbage(**aim(target), **when(options), leg=leg, shape=shape))
