"""Faults as values: what goes wrong, to whom, when. A plan is a tuple of them: it prints, compares, serialises.

How each strikes is `studio.simulation`'s business. A fault with `occurrence` strikes the n-th time only; one with a
`probability` draws; one with neither strikes always, within its window.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from studio.address import Address, pattern
from studio.errors import InvalidDeclaration, InvalidFault
from studio.model.declaring import scenario_at_hand
from studio.model.distribution import Constant, Distribution, distribution, distribution_from, distribution_to
from studio.model.duration import duration_ns, optional_ns

__all__ = [
    "KINDS",
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
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}
    target: str
    from_ns: int = 0
    until_ns: int | None = None
    probability: float = 1.0
    occurrence: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InvalidFault(fault=self.kind, reason=f"probability={self.probability} is not between 0 and 1")
        if self.occurrence < 0 or self.from_ns < 0 or (self.until_ns is not None and self.until_ns < self.from_ns):
            raise InvalidFault(fault=self.kind, reason="occurrence is negative, or the window ends before it begins")
        for name, allowed in self.choices.items():
            if getattr(self, name) not in allowed:
                raise InvalidFault(
                    fault=self.kind, reason=f"{name}={getattr(self, name)!r} is none of {', '.join(allowed)}"
                )

    def is_due(self, now_ns: int) -> bool:
        """Whether the window is open."""
        return self.from_ns <= now_ns and (self.until_ns is None or now_ns < self.until_ns)


NOTHING = Constant("0s")


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """Messages to an address (or a third party) take longer on their way."""

    kind: ClassVar[str] = "latency"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("request", "reply", "both")}
    extra: Distribution = NOTHING
    leg: str = "request"


@dataclass(frozen=True, slots=True)
class Lose(Fault):
    """Messages to an address vanish: the request (it never ran), the reply or the acknowledgement (it ran)."""

    kind: ClassVar[str] = "lose"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("request", "reply", "acknowledgement", "publish")}
    leg: str = "request"


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
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"point": POINTS}
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
"""Every kind of fault by the name that it has in plans and records."""


def latency(target: Address | str, extra: str | Distribution, *, leg: str = "request", **when: Any) -> Fault:
    """Make messages to an address slower.

    Args:
        target: `$.Payment.process`, a pattern in quotes, or a third party's name.
        extra: Duration or distribution, on top of the ordinary latency.
        leg: `request`, `reply` or `both`.
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    return _add(Latency(_target(target), **_when(when), extra=distribution(extra), leg=leg))


def lose(target: Address | str, *, leg: str = "request", **when: Any) -> Fault:
    """Lose messages to an address.

    Args:
        target: Address, pattern in quotes, or a third party's name.
        leg: `request` (never ran), `reply` (ran, the caller does not know), `acknowledgement` (handled, delivered
            again) or `publish` (the bus never stored it).
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    return _add(Lose(_target(target), **_when(when), leg=leg))


def duplicate(target: Address | str, *, after: str = "0s", **when: Any) -> Fault:
    """Deliver events of an address twice, the second time `after` the first.

    Args:
        target: Address or pattern of events.
        after: Between the two.
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    return _add(Duplicate(_target(target), **_when(when), after_ns=duration_ns(after)))


def crash(target: str, *, at: str = "0s", down_for: str = "1s", replica: int = 1) -> Fault:
    """Kill a replica at an instant.

    Args:
        target: Service or saga.
        at: Instant since the run began.
        down_for: Until its next incarnation starts.
        replica: From 1.
    """
    if replica < 1:
        raise InvalidFault(fault=Crash.kind, reason=f"replica={replica} is below 1")
    return _add(Crash(_target(target), from_ns=duration_ns(at), replica=replica, down_ns=duration_ns(down_for)))


def crash_at(point: str, target: Address | str, *, down_for: str = "1s", **when: Any) -> Fault:
    """Kill the process that reaches a named point, by default the first time.

    Args:
        point: One of `POINTS`.
        target: Address, collection (`Inventory.stock`) or `Saga.step` at that point.
        down_for: Until the next incarnation starts.
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    when.setdefault("occurrence", 1)
    return _add(CrashPoint(_target(target), **_when(when), point=point, down_ns=duration_ns(down_for)))


def down(target: str, **when: Any) -> Fault:
    """Let a whole service or third party refuse connections.

    Args:
        target: Service, saga or third party.
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    return _add(Down(_target(target), **_when(when)))


def timeout(target: Address | str, *, ran: bool = True, **when: Any) -> Fault:
    """Let calls of an address (or requests to a third party) time out.

    Args:
        target: Address or third party.
        ran: Whether the work is done all the same; the caller cannot tell.
        when: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th).
    """
    return _add(Timeout(_target(target), **_when(when), ran=ran))


def plan_to(plan: tuple[Fault, ...]) -> list[dict[str, Any]]:
    """Return a plan as plain JSON values."""
    return [_to_values(fault) for fault in plan]


def fault_from(values: dict[str, Any]) -> Fault:
    """Return the fault that `plan_to` wrote.

    Raises:
        InvalidFault: Unknown kind or field.
    """
    given = dict(values)
    name = str(given.pop("kind", ""))
    if name not in KINDS:
        raise InvalidFault(fault=name, reason=f"unknown kind; known: {', '.join(sorted(KINDS))}")
    unknown = sorted(set(given) - {field.name for field in fields(KINDS[name])})
    if unknown:
        raise InvalidFault(fault=name, reason=f"unknown fields {unknown}")
    try:
        if "extra" in given:
            given["extra"] = distribution_from(given["extra"])
        return KINDS[name](**given)
    except (TypeError, ValueError, InvalidDeclaration) as error:
        raise InvalidFault(fault=name, reason=f"values={values} cannot be read") from error


def _to_values(fault: Fault) -> dict[str, Any]:
    values = {"kind": fault.kind} | {field.name: getattr(fault, field.name) for field in fields(fault)}
    if isinstance(fault, Latency):
        values["extra"] = distribution_to(fault.extra)
    return values


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


def _target(target: Address | str) -> str:
    """Return a target in wire form: text in quotes may carry the `$` that is translated elsewhere."""
    text = str(target)
    return str(pattern(text)) if text.startswith("$") else text


def _add(fault: Fault) -> Fault:
    """Add a fault to the scenario that is being declared, if one is."""
    scenario = scenario_at_hand(depth=3)
    if scenario is not None:
        scenario.faults.append(fault)
    return fault
