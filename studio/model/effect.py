"""Declare what a saga's step leaves in the world, so that a run can tell whether its compensation took it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Effect", "effects_of"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step leaves: documents of a collection, or entries of a third party's ledger, that bear the saga's key.

    The saga's key is that of the event that started it: `order-1` of the instance `OrderProcessing/order-1`.

    Args:
        target: `Inventory.reservations`, or `cards.ledger` (third party and ledger).
        where: SQL condition on the columns of that collection or ledger; what does not meet it does not count, such as
            a tombstone. By default everything counts.
        key: Column that holds the saga's key; by default the collection's own key. A ledger has none: name a column.

    Example:
        @saga.step(effect=Effect("Inventory.reservations", where="status = 'held'"))
    """

    target: str
    where: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"{self.target} where {self.where}" if self.where else self.target


def effects_of(given: str | Effect | Sequence[str | Effect]) -> tuple[Effect, ...]:
    """Return the effects that an author stated: none, one or several, by target alone or as a whole."""
    if isinstance(given, Effect):
        return (given,)
    if isinstance(given, str):
        return (Effect(given),) if given else ()
    return tuple(effect for each in given for effect in effects_of(each))
