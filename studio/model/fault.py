"""Faults as values: what goes wrong, to whom, when. A plan is a tuple of them: it prints, compares, serialises.

Here is what all kinds share, their registry, and their JSON. The kinds stand in `studio.model.faults`, a file for each
family; how each strikes is `studio.simulation`'s business. A fault with an `occurrence` strikes the n-th time only; one
with a `probability` draws; one with neither strikes always, within its window.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from studio.address import Address, pattern
from studio.errors import InvalidDeclaration, InvalidDuration, InvalidFault, StudioError, nearest
from studio.model.declaring import scenario_at_hand
from studio.model.distribution import Distribution, distribution, distribution_from, distribution_to
from studio.model.duration import duration_ns, optional_ns

__all__ = [
    "KINDS",
    "Fault",
    "Target",
    "Zone",
    "add",
    "aim",
    "fault_from",
    "names_of",
    "plan_from",
    "plan_to",
    "registered",
    "when",
    "zone",
]


@dataclass(frozen=True, slots=True)
class Zone:
    """Parts of the system that fail as one: a rack, a cluster, a cloud's zone.

    Attributes:
        name: For people.
        members: Services, sagas, third parties, or single replicas such as `Payment/1`.
    """

    name: str
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.members:
            raise InvalidFault(fault=f"zone {self.name}", reason="it has no members")


Target = Address | str | Zone | Sequence["Address | str"]
"""What authors name: an address, a pattern or name in quotes, a zone, or a list of which all go down as one."""


def zone(name: str, members: Iterable[Address | str]) -> Zone:
    """Name parts of the system that fail as one; any fault that takes a service takes a zone.

    Args:
        name: Such as `eu-west-1a`.
        members: Services, sagas, third parties, or single replicas such as `Payment/1`.

    Example:
        >>> zone("a", ["Payment/1", "Inventory/1"]).members
        ('Payment/1', 'Inventory/1')
    """
    return Zone(name, tuple(_text(member) for member in members))


@dataclass(frozen=True, slots=True)
class Fault:
    """Base: whom it strikes, and when.

    Attributes:
        target: Service, replica (`Payment/2`), saga, `Saga.step`, third party, collection, or address (patterns
            allowed), by kind of fault.
        from_ns: Start of the window; `until_ns` its end, None for the whole run.
        probability: Chance at each occasion; 1 always.
        occurrence: Only the n-th occasion, from 1, or those of a tuple; 0 for all.
        every: Only each n-th occasion; 0 for all.
        also: Further targets, which go down with it as one: occasions of all are counted together.
        source: Only what these services, or replicas, send; empty for anybody.
        to: Only what goes to these services; empty for any.
    """

    kind: ClassVar[str] = ""
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}
    written: ClassVar[dict[str, str]] = {}
    """Other names that authors know fields by, to fields."""
    strikes: ClassVar[tuple[str, ...]] = ()
    """What it can strike: `command`, `event`, `party`, `owner` (service or saga), `replica`, `step`, `job`,
    `collection`, `endpoint`, `bus`, `storage` (`*`)."""
    tempo: ClassVar[str] = "occasions"
    """When it strikes: at `occasions` within its window, all through a `window`, or at the `instant` it begins."""
    target: str
    from_ns: int = 0
    until_ns: int | None = None
    probability: float = 1.0
    occurrence: int | tuple[int, ...] = 0
    every: int = 0
    also: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        reason = _complaint(self) or self.complaint()
        if reason:
            raise InvalidFault(fault=self.kind, reason=reason)

    def complaint(self) -> str:
        """Say what is wrong with a kind's own fields; empty where nothing is."""
        return ""

    @property
    def targets(self) -> tuple[str, ...]:
        """Return all that it strikes as one."""
        return (self.target, *self.also)

    def is_due(self, now_ns: int) -> bool:
        """Whether the window is open."""
        return self.from_ns <= now_ns and (self.until_ns is None or now_ns < self.until_ns)


def _complaint(fault: Fault) -> str:
    """Say what is wrong with what all kinds share."""
    counted = fault.occurrence if isinstance(fault.occurrence, tuple) else (fault.occurrence or 1,)
    is_counted = bool(fault.occurrence or fault.every)
    wrong = {
        f"probability={fault.probability} is not between 0 and 1": not 0 <= fault.probability <= 1,
        "occurrence or every is negative": any(number < 1 for number in counted) or fault.every < 0,
        "the window begins before the run, or ends before it begins": fault.from_ns < 0
        or (fault.until_ns is not None and fault.until_ns < fault.from_ns),
        "an occurrence is certain: give it or a probability, not both": is_counted and fault.probability < 1,
        "occurrence and every exclude each other: give one of them": bool(fault.occurrence and fault.every),
    } | {
        f"{name}={getattr(fault, name)!r} is none of {', '.join(allowed)}": getattr(fault, name) not in allowed
        for name, allowed in fault.choices.items()
    }
    return next((reason for reason, is_wrong in wrong.items() if is_wrong), "")


KINDS: dict[str, type[Fault]] = {}
"""Every kind of fault by the name that it has in plans and records."""

Kind = TypeVar("Kind", bound=type[Fault])


def registered(kind: Kind) -> Kind:
    """Enter a kind of fault in the registry; a decorator, outermost."""
    assert kind.kind not in KINDS, f"two kinds of fault are called {kind.kind}"
    KINDS[kind.kind] = kind
    return kind


# -- what authors write ---------------------------------------------------------------------------------------------

_WHEN = ("at", "until", "probability", "occurrence", "every", "source", "to")


def when(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the options all faults share stand for.

    Args:
        given: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th, or
            a tuple of them), `every` (each n-th), `source` (only what this service, replica or zone sends), `to` (only
            what goes to this service).

    Raises:
        InvalidFault: Another option, or a value that is none.
    """
    for name in given:
        if name not in _WHEN:
            close = nearest(name, _WHEN)
            raise InvalidFault(fault="", reason=f"unknown option {name}; nearest: {close}")
    try:
        return {
            "from_ns": duration_ns(given.get("at", "0s")),
            "until_ns": optional_ns(given.get("until")),
            "probability": float(given.get("probability", 1.0)),
            "occurrence": _counted(given.get("occurrence", 0)),
            "every": int(given.get("every", 0)),
            "source": names_of(given.get("source", ())),
            "to": names_of(given.get("to", ())),
        }
    except (TypeError, ValueError) as error:
        raise InvalidFault(fault="", reason=f"{dict(given)} cannot be read: {error}") from error


def aim(target: Target) -> dict[str, Any]:
    """Return the fields that a target stands for, one or several."""
    names = names_of(target)
    if not names:
        raise InvalidFault(fault="", reason="no target is given")
    return {"target": names[0], "also": names[1:]}


def names_of(target: Target) -> tuple[str, ...]:
    """Return the names behind what an author names, in wire form."""
    if isinstance(target, Zone):
        return target.members
    if isinstance(target, str | Address):
        return (_text(target),)
    return tuple(name for each in target for name in names_of(each))


def add(fault: Fault, parts: Sequence[Fault] = ()) -> Fault:
    """Add a fault to the scenario that is being declared, if one is; call it from the constructor itself.

    Args:
        fault: To add.
        parts: Faults that it is made of, and stands for from now on.
    """
    scenario = scenario_at_hand(depth=3)
    if scenario is not None:
        scenario.faults[:] = [each for each in scenario.faults if not any(each is part for part in parts)]
        scenario.faults.append(fault)
    return fault


def _text(target: Address | str) -> str:
    """Return a target in wire form: text in quotes may carry the `$` that is translated elsewhere."""
    text = str(target)
    return str(pattern(text)) if text.startswith("$") else text


def _counted(occurrence: Any) -> int | tuple[int, ...]:
    return int(occurrence) if isinstance(occurrence, int | float) else tuple(int(each) for each in occurrence)


# -- JSON -----------------------------------------------------------------------------------------------------------

_QUIET = ("every", "also", "source", "to")  # left out where empty, which they mostly are
_ALIASES = {"at": "from_ns", "until": "until_ns"}


def _names_given(kind: type[Fault]) -> dict[str, str]:
    """Return the names that authors give to fields, to fields: a duration's is without its unit."""
    own = {field.name.removesuffix("_ns"): field.name for field in fields(kind)}
    return {**own, **_ALIASES, **kind.written}


def plan_to(plan: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return a plan as plain JSON values."""
    return [_to_values(fault) for fault in plan]


def plan_from(values: Iterable[Fault | Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Return a plan from faults, from what `plan_to` wrote, or from both.

    Raises:
        InvalidFault: Unknown kind or field, or a value that is none.
    """
    return tuple(each if isinstance(each, Fault) else fault_from(each) for each in values)


def fault_from(values: Mapping[str, Any]) -> Fault:
    """Return the fault that `plan_to` wrote, or that an author wrote by hand.

    Durations may be strings, and fields have the names that the constructor gives them: `{"kind": "crash", "target":
    "Payment", "at": "2m", "down_for": "30s"}`.

    Raises:
        InvalidFault: Unknown kind or field, or a value that is none.
    """
    if not isinstance(values, Mapping):
        raise InvalidFault(fault=repr(values)[:80], reason="is neither a fault nor a mapping")
    given = dict(values)
    name = str(given.pop("kind", ""))
    if name not in KINDS:
        raise InvalidFault(fault=name, reason=f"unknown kind; nearest: {nearest(name, KINDS)}")
    kind = KINDS[name]
    named = _names_given(kind)
    given = {named.get(key, key): value for key, value in given.items()}
    hints = _hints(name)
    for key in given:
        if key not in hints:
            raise InvalidFault(fault=name, reason=f"unknown field {key}; nearest: {nearest(key, named)}")
    try:
        if not isinstance(given.get("target", ""), str):
            given |= aim(given["target"])
        return kind(**{key: _restored(key, hints[key], value) for key, value in given.items()})
    except (TypeError, ValueError, InvalidDeclaration, InvalidDuration) as error:
        raise InvalidFault(fault=name, reason=f"values={dict(values)} cannot be read") from error
    except StudioError as error:
        if isinstance(error, InvalidFault):
            raise
        raise InvalidFault(fault=name, reason=f"values={dict(values)} cannot be read") from error


def _to_values(fault: Fault) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": fault.kind}
    for field in fields(fault):
        value = getattr(fault, field.name)
        if value or field.name not in _QUIET:
            values[field.name] = _plain(value)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, Distribution):
        return distribution_to(value)
    if isinstance(value, Fault):
        return _to_values(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


@functools.lru_cache(maxsize=256)
def _hints(name: str) -> dict[str, Any]:
    """Return the types of a kind's fields."""
    kind = KINDS[name]
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _restored(name: str, hint: Any, value: Any) -> Any:
    """Return a field's value from plain JSON.

    Raises:
        TypeError: It is none.
    """
    if hint is Distribution:
        return distribution_from(dict(value)) if isinstance(value, Mapping) else distribution(value)
    if name.endswith("_ns") and isinstance(value, str):
        return duration_ns(value)
    if typing.get_origin(hint) is tuple and isinstance(value, str | Zone):
        value = names_of(value)
    if typing.get_origin(hint) is tuple and isinstance(value, Mapping):
        value = tuple(value.items())
    if isinstance(value, list | tuple):
        value = _frozen(value)
    if name == "target":
        value = _text(value)
    if not _fits(hint, value):
        raise TypeError(f"{name}={value!r}")
    return value


def _frozen(value: Any) -> Any:
    """Return a list, and the lists in it, as tuples; a mapping in it is a fault."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(each) for each in value)
    return fault_from(value) if isinstance(value, Mapping) else value


def _fits(hint: Any, value: Any) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_fits(each, value) for each in hint.__args__)
    if typing.get_origin(hint) is tuple:
        parts = hint.__args__
        if not isinstance(value, tuple) or (parts[-1] is not ... and len(value) != len(parts)):
            return False
        wanted = [parts[0]] * len(value) if parts[-1] is ... else parts
        return all(_fits(one, each) for one, each in zip(wanted, value, strict=True))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
