"""Faults as values: what goes wrong, to whom, when. A plan is a tuple of them; it prints, compares, serialises, shrinks.

How each strikes is `studio.simulation`'s business. A fault with `occurrence` strikes the n-th time only; one with a
`probability` draws; one with neither strikes always, within its window.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from studio.address import Address
from studio.errors import InvalidFault
from studio.model.declaring import declared
from studio.model.distribution import Distribution, distribution
from studio.model.duration import duration_ns, optional_ns

__all__ = [
    "POINTS",
    "Crash",
    "CrashPoint",
    "Down",
    "Duplicate",
    "Fault",
    "Latency",
    "Lose",
    "Timeout",
    "crash",
    "crash_at",
    "down",
    "duplicate",
    "fault_from",
    "latency",
    "lose",
    "plan_to",
    "timeout",
]

POINTS = (
    "before-handler",
    "after-effect",
    "before-journal",
    "before-publish",
    "before-acknowledge",
    "during-compensation",
)
"""Named places at which a crash can fall."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Base: its target and its window.

    Attributes:
        target: Service, saga, third party, or address (patterns allowed), by kind of fault.
        from_ns: Start of the window; `until_ns` its end, None for the whole run.
        probability: Chance at each occasion; 1 always.
        occurrence: Only the n-th occasion, from 1; 0 for all.
    """

    kind: ClassVar[str] = ""
    target: str
    from_ns: int = 0
    until_ns: int | None = None
    probability: float = 1.0
    occurrence: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InvalidFault(fault=self.kind, reason=f"probability={self.probability} is not between 0 and 1")
        if self.occurrence < 0 or (self.until_ns is not None and self.until_ns < self.from_ns):
            raise InvalidFault(fault=self.kind, reason="occurrence is negative, or the window ends before it begins")

    def is_due(self, now_ns: int) -> bool:
        """Whether the window is open."""
        return self.from_ns <= now_ns and (self.until_ns is None or now_ns < self.until_ns)


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """Messages to an address (or a third party) take longer on their way."""

    kind: ClassVar[str] = "latency"
    extra: Distribution = distribution("0s")
    leg: str = "request"  # request, reply, both


@dataclass(frozen=True, slots=True)
class Lose(Fault):
    """Messages to an address vanish: the request (it never ran), the reply or the acknowledgement (it ran)."""

    kind: ClassVar[str] = "lose"
    leg: str = "request"  # request, reply, acknowledgement, publish


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """Events of an address are delivered twice."""

    kind: ClassVar[str] = "duplicate"
    after_ns: int = 0


@dataclass(frozen=True, slots=True)
class Crash(Fault):
    """A replica's process dies at an instant and starts again later; its memory is lost."""

    kind: ClassVar[str] = "crash"
    replica: int = 1
    down_ns: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class CrashPoint(Fault):
    """A process dies at a named point; the target is the address, collection or `Saga.step` there."""

    kind: ClassVar[str] = "crash-point"
    point: str = "before-acknowledge"
    down_ns: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Down(Fault):
    """A whole service (or third party) refuses connections within the window."""

    kind: ClassVar[str] = "down"


@dataclass(frozen=True, slots=True)
class Timeout(Fault):
    """A call gets no answer in time: `ran` says whether the callee did the work."""

    kind: ClassVar[str] = "timeout"
    ran: bool = True


KINDS: dict[str, type[Fault]] = {
    kind.kind: kind for kind in (Latency, Lose, Duplicate, Crash, CrashPoint, Down, Timeout)
}


def latency(target: Address | str, extra: str | Distribution, *, leg: str = "request", **when: Any) -> Fault:
    """Make messages to an address slower.

    Args:
        target: `$.Payment.process`, a pattern in quotes, or a third party's name.
        extra: Duration or distribution, on top of the ordinary latency.
        leg: `request`, `reply` or `both`.
        when: `at`, `until`, `probability`, `occurrence`; likewise for all faults below.
    """
    return _add(
        Latency(str(target), **_when(when), extra=distribution(extra), leg=_one_of(leg, "request", "reply", "both"))
    )


def lose(target: Address | str, *, leg: str = "request", **when: Any) -> Fault:
    """Lose messages to an address.

    Args:
        target: Address, pattern in quotes, or a third party's name.
        leg: `request` (never ran), `reply` (ran, the caller does not know), `acknowledgement` (handled, delivered again) or
            `publish` (the bus never stored it).
    """
    return _add(Lose(str(target), **_when(when), leg=_one_of(leg, "request", "reply", "acknowledgement", "publish")))


def duplicate(target: Address | str, *, after: str = "0s", **when: Any) -> Fault:
    """Deliver events of an address twice, the second time `after` the first."""
    return _add(Duplicate(str(target), **_when(when), after_ns=duration_ns(after)))


def crash(target: str, *, at: str = "0s", down_for: str = "1s", replica: int = 1) -> Fault:
    """Kill a replica at an instant.

    Args:
        target: Service or saga.
        at: Instant since the run began.
        down_for: Until its next incarnation starts.
        replica: From 1.
    """
    return _add(Crash(str(target), from_ns=duration_ns(at), replica=replica, down_ns=duration_ns(down_for)))


def crash_at(point: str, target: Address | str, *, down_for: str = "1s", **when: Any) -> Fault:
    """Kill the process that reaches a named point, by default the first time.

    Args:
        point: One of `POINTS`.
        target: Address, collection (`Inventory.stock`) or `Saga.step` at that point.
    """
    when.setdefault("occurrence", 1)
    return _add(CrashPoint(str(target), **_when(when), point=_one_of(point, *POINTS), down_ns=duration_ns(down_for)))


def down(target: str, **when: Any) -> Fault:
    """Let a whole service or third party refuse connections."""
    return _add(Down(str(target), **_when(when)))


def timeout(target: Address | str, *, ran: bool = True, **when: Any) -> Fault:
    """Let calls of an address (or requests to a third party) time out.

    Args:
        target: Address or third party.
        ran: Whether the work is done all the same; the caller cannot tell.
    """
    return _add(Timeout(str(target), **_when(when), ran=ran))


def plan_to(plan: tuple[Fault, ...]) -> list[dict[str, Any]]:
    """Return a plan as plain JSON values."""
    return [_to_values(fault) for fault in plan]


def fault_from(values: dict[str, Any]) -> Fault:
    """Return the fault that `plan_to` wrote.

    Raises:
        InvalidFault: Unknown kind or field.
    """
    given = dict(values)
    name = given.pop("kind", "")
    if name not in KINDS:
        raise InvalidFault(fault=str(name), reason=f"unknown kind; known: {', '.join(sorted(KINDS))}")
    unknown = set(given) - {field.name for field in fields(KINDS[name])}
    if unknown:
        raise InvalidFault(fault=name, reason=f"unknown fields {sorted(unknown)}")
    if isinstance(given.get("extra"), dict):
        given["extra"] = _distribution_from(given["extra"])
    return KINDS[name](**given)


def _to_values(fault: Fault) -> dict[str, Any]:
    values = {"kind": fault.kind, **_asdict(fault)}
    extra = getattr(fault, "extra", None)
    if extra is not None:
        values["extra"] = {"distribution": type(extra).__name__, **asdict(extra)}
    return values


def _asdict(fault: Fault) -> dict[str, Any]:
    return {field.name: getattr(fault, field.name) for field in fields(fault)}


def _distribution_from(values: dict[str, Any]) -> Distribution:
    given = dict(values)
    kinds = {kind.__name__: kind for kind in Distribution.__subclasses__()}
    return kinds[given.pop("distribution")](**given)


_WHEN = ("at", "until", "probability", "occurrence")


def _when(given: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(given) - set(_WHEN))
    if unknown:
        raise InvalidFault(fault="", reason=f"unknown options {unknown}; known: {', '.join(_WHEN)}")
    return {
        "from_ns": duration_ns(given.get("at", "0s")),
        "until_ns": optional_ns(given.get("until")),
        "probability": float(given.get("probability", 1.0)),
        "occurrence": int(given.get("occurrence", 0)),
    }


def _one_of(value: str, *allowed: str) -> str:
    if value not in allowed:
        raise InvalidFault(fault="", reason=f"{value!r} is none of {', '.join(allowed)}")
    return value


def _add(fault: Fault) -> Fault:
    """Add a fault to the scenario that is being declared, if one is."""
    gathering = declared()
    if gathering is not None and gathering.scenario is not None:
        gathering.scenario.faults.append(fault)
    return fault
