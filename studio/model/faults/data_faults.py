"""Faults of data: messages that another version of a contract made, and workloads that all mean one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model import fault as base
from studio.model.fault import Fault, Target, aim, registered, when

__all__ = ["HotKey", "Mismatch", "Scalar", "hot_key", "mismatch"]

Scalar = str | int | float | bool | None
"""What a field can be given."""


@registered
@dataclass(frozen=True, slots=True)
class Mismatch(Fault):
    """Messages arrive as another version of their contract makes them: fields are gone, renamed, or new."""

    kind: ClassVar[str] = "mismatch"
    strikes: ClassVar[tuple[str, ...]] = ("command", "event")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"leg": ("request", "reply")}
    drop: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, Scalar], ...] = ()
    leg: str = "request"

    def change(self, body: Any) -> Any:
        """Return a decoded body as the other version has it; what is no object stays as it is."""
        if not isinstance(body, dict):
            return body
        names = dict(self.rename)
        kept = {names.get(name, name): value for name, value in body.items() if name not in self.drop}
        return kept | dict(self.add)


@registered
@dataclass(frozen=True, slots=True)
class HotKey(Fault):
    """Messages of a workload share one value of a field, that of the first; the probability is their share."""

    kind: ClassVar[str] = "hot-key"
    strikes: ClassVar[tuple[str, ...]] = ("command", "event")
    field: str = "id"


def mismatch(
    target: Target,
    *,
    drop: Sequence[str] = (),
    rename: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    add: Mapping[str, Scalar] | Sequence[tuple[str, Scalar]] = (),
    leg: str = "request",
    **options: Any,
) -> Fault:
    """Let messages arrive as from another version of their contract.

    Args:
        target: Address or pattern of calls or events.
        drop: Fields that the other version does not have.
        rename: Fields that it calls otherwise: ours to theirs.
        add: Fields that only it has, with a value.
        leg: `request` (calls and events on their way there) or `reply`.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th), `source` (only what this service sends), `to` (only what goes to this service).
    """
    changed = Mismatch(
        **aim(target), **when(options), drop=tuple(drop), rename=_pairs(rename), add=_pairs(add), leg=leg
    )
    return base.add(changed)


def hot_key(target: Target, *, field: str = "id", **options: Any) -> Fault:
    """Let messages of a workload share one key.

    Args:
        target: Address or pattern that workloads send to.
        field: Path of the field, such as `customer.id`.
        options: `at`, `until` (durations since the run began), `probability` (of each message; by default of half of
            them).
    """
    options.setdefault("probability", 0.5)
    return base.add(HotKey(**aim(target), **when(options), field=field))


def _pairs(given: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple(given.items() if isinstance(given, Mapping) else (tuple(each) for each in given))
