"""Faults of the network: messages that are late, lost, held, cut off or queue up, and calls without an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.distribution import Constant, Distribution, distribution
from studio.model.duration import duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = [
    "Clog",
    "Late",
    "Latency",
    "Lose",
    "Partition",
    "Refuse",
    "Timeout",
    "clog",
    "late",
    "latency",
    "lose",
    "partition",
    "refuse",
    "timeout",
]

NOTHING = Constant("0s")
MESSAGES = ("command", "event", "party", "owner")
"""What faults on messages can strike: an address, a third party, or whatever goes to a service."""


@registered
@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """Messages to an address, a service or a third party take longer on their way."""

    kind: ClassVar[str] = "latency"
    strikes: ClassVar[tuple[str, ...]] = MESSAGES
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
    strikes: ClassVar[tuple[str, ...]] = MESSAGES
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("request", "reply", "acknowledgement", "publish")}
    leg: str = "request"


@registered
@dataclass(frozen=True, slots=True)
class Timeout(Fault):
    """A call gets no answer in time: `ran` says whether the callee did the work."""

    kind: ClassVar[str] = "timeout"
    strikes: ClassVar[tuple[str, ...]] = MESSAGES
    ran: bool = True


@registered
@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """A call, or a request to a third party, finds nobody who takes the connection: it never ran, and that is known."""

    kind: ClassVar[str] = "refuse"
    strikes: ClassVar[tuple[str, ...]] = ("command", "party", "owner")


@registered
@dataclass(frozen=True, slots=True)
class Late(Fault):
    """A reply comes when the caller has given up: it is recorded as late, and nobody reads it."""

    kind: ClassVar[str] = "late"
    strikes: ClassVar[tuple[str, ...]] = ("command", "party", "owner")
    by_ns: int = 1_000_000


@registered
@dataclass(frozen=True, slots=True)
class Partition(Fault):
    """Two sides do not reach each other: the targets and the sources, or the targets and everybody else.

    What is dropped is lost. What is held comes when the window ends, as packets do that are sent again until then;
    where it never ends they are lost too.
    """

    kind: ClassVar[str] = "partition"
    tempo: ClassVar[str] = "window"
    strikes: ClassVar[tuple[str, ...]] = ("owner", "replica", "party", "bus")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"ways": ("both", "to", "from"), "mode": ("drop", "hold")}
    ways: str = "both"
    mode: str = "drop"

    def complaint(self) -> str:
        """Say what is wrong with its sides."""
        both = sorted(set(self.targets) & set(self.source))
        if both:
            return f"{', '.join(both)} is on both sides"
        return "its sides are target and source: `to` is not taken" if self.to else ""


@registered
@dataclass(frozen=True, slots=True)
class Clog(Fault):
    """A link carries only so many messages a second: the others queue on it, and those beyond the queue are lost."""

    kind: ClassVar[str] = "clog"
    tempo: ClassVar[str] = "window"
    strikes: ClassVar[tuple[str, ...]] = MESSAGES
    per_s: float = 10.0
    most: int = 1000

    def complaint(self) -> str:
        """Say what is wrong with its rate."""
        return "" if self.per_s > 0 and self.most >= 0 else "per_s is not above 0, or most is negative"


def latency(target: Target, extra: str | Distribution, *, leg: str = "request", **options: Any) -> Fault:
    """Make messages to an address slower.

    Args:
        target: `$.Payment.process`, a pattern in quotes, a service, a third party's name, or a list of them.
        extra: Duration or distribution (`Exponential("40ms")`, heavy-tailed `Pareto("5ms")`), on top of the ordinary
            latency.
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


def refuse(target: Target, **options: Any) -> Fault:
    """Let calls of an address (or requests to a third party) be refused: nothing has run, and the caller knows.

    Args:
        target: Address, pattern in quotes, service, third party, or a list of them.
        options: As for `latency`.
    """
    return add(Refuse(**aim(target), **when(options)))


def late(target: Target, *, by: str = "1ms", **options: Any) -> Fault:
    """Let replies come after the caller has given up.

    Args:
        target: Address, service or third party.
        by: How long after the caller's deadline.
        options: As for `latency`.
    """
    return add(Late(**aim(target), **when(options), by_ns=duration_ns(by)))


def partition(target: Target, source: Target = (), *, ways: str = "both", mode: str = "drop", **options: Any) -> Fault:
    """Cut two sides off from each other.

    Args:
        target: One side: services, sagas, replicas such as `Payment/2`, third parties, a zone, or `bus`.
        source: The other side; everybody else unless given.
        ways: `both`; `to`: only what goes to the target is cut off; `from`: only what comes from it.
        mode: `drop`, or `hold`: what is sent meanwhile arrives when the window ends, as over TCP.
        options: `at`, `until` (durations since the run began), `probability` (of each message).

    Example:
        >>> partition("Payment", "Inventory", at="10s", until="20s").mode
        'drop'
    """
    return add(Partition(**aim(target), **when({**options, "source": source}), ways=ways, mode=mode))


def clog(target: Target, *, per_s: float = 10.0, most: int = 1000, **options: Any) -> Fault:
    """Bound what a link carries; the rest queues on it.

    Args:
        target: Where the link ends: service, address, or third party.
        per_s: Messages that pass in a second.
        most: Messages that queue; those beyond are lost.
        options: As for `latency`; `source` says where the link begins.
    """
    return add(Clog(**aim(target), **when(options), per_s=float(per_s), most=most))
