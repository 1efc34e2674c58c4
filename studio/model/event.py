"""Declare events: an address that any number of services may subscribe to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.address import Address, parse
from studio.errors import InvalidDeclaration
from studio.model.declaring import declare

__all__ = ["Event", "event"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its address, its contract, and the field that orders and partitions it.

    Attributes:
        address: Wire form.
        contract: What is published.
        key: Field of the contract (a path with dots reaches inside); empty for none.
    """

    address: str
    contract: Any
    key: str = ""

    def key_of(self, message: Any) -> str:
        """Return the key's value for a message, as text; empty where the event has no key."""
        value = message
        for part in self.key.split(".") if self.key else ():
            value = getattr(value, part)
        return "" if not self.key else str(value)


def event(address: Address | str, contract: Any, *, key: str = "") -> Event:
    """Declare an event.

    Args:
        address: `$.Order.created`.
        contract: What is published there.
        key: Name of the field whose value orders, partitions, and names saga instances.

    Raises:
        InvalidDeclaration: The contract has no such field.

    Example:
        event($.Order.created, Order, key="id")
    """
    text = str(parse(address))
    fields = getattr(contract, "model_fields", {})
    first = key.partition(".")[0]
    if key and first not in fields:
        raise InvalidDeclaration(
            what=f"event({text}, key={key!r})",
            reason=f"{getattr(contract, '__name__', contract)} has no field {first!r}",
            remedy_text=f"Name one of its fields: {', '.join(sorted(fields))}.",
        )
    return declare(Event(text, contract, key))
