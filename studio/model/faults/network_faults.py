"""Faults of the network: messages that are late, lost, held or cut off, and calls that nobody answers in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.distribution import Constant, Distribution, distribution
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = ["Latency", "Lose", "Timeout", "latency", "lose", "timeout"]

NOTHING = Constant("0s")


@registered
@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """Messages to an address, a service or a third party take longer on their way."""

    kind: ClassVar[str] = "latency"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "leg": ("request", "reply", "both", "publish", "acknowledgement"),
    }
    extra: Distribution = NOTHING
    leg: str = "request"


@registered
@dataclass(frozen=True, slots=True)
class Lose(Fault):
    """Messages vanish: the request (it never ran), the reply or the acknowledgement (it ran)."""

    kind: ClassVar[str] = "lose"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("request", "reply", "acknowledgement", "publish")}
    leg: str = "request"


@registered
@dataclass(frozen=True, slots=True)
class Timeout(Fault):
    """A call gets no answer in time: `ran` says whether the callee did the work."""

    kind: ClassVar[str] = "timeout"
    ran: bool = True


def latency(target: Target, extra: str | Distribution, *, leg: str = "request", **options: Any) -> Fault:
    """Make messages to an address slower.

    Args:
        target: `$.Payment.process`, a pattern in quotes, a service, a third party's name, or a list of them.
        extra: Duration or distribution, on top of the ordinary latency.
        leg: `request`, `reply`, `both`, `publish` or `acknowledgement`.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service sends), `to` (only what goes to this service).
    """
    return add(Latency(**aim(target), **when(options), extra=distribution(extra), leg=leg))


def lose(target: Target, *, leg: str = "request", **options: Any) -> Fault:
    """Lose messages to an address.

    Args:
        target: Address, pattern in quotes, a service, a third party's name, or a list of them.
        leg: `request` (never ran), `reply` (ran, the caller does not know), `acknowledgement` (handled, delivered
            again) or `publish` (the bus never stored it).
        options: As for `latency`.
    """
    return add(Lose(**aim(target), **when(options), leg=leg))


def timeout(target: Target, *, ran: bool = True, **options: Any) -> Fault:
    """Let calls of an address (or requests to a third party) time out.

    Args:
        target: Address, service or third party.
        ran: Whether the work is done all the same; the caller cannot tell.
        options: As for `latency`.
    """
    return add(Timeout(**aim(target), **when(options), ran=ran))
