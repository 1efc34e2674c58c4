"""Declare events: an address that any number of services may subscribe to."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

from studio.address import Address, parse
from studio.contract import type_name
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
    kind = contract
    for part in key.split(".") if key else ():
        fields = _fields(kind)
        if part not in fields:
            raise InvalidDeclaration(
                what=f"event({text}, key={key!r})",
                reason=f"{type_name(kind)} has no field {part!r}",
                remedy_text=f"Name one of its fields: {', '.join(sorted(fields)) or 'it is no contract'}.",
            )
        kind = fields[part].annotation
    return declare(Event(text, contract, key))


def _fields(kind: Any) -> dict[str, Any]:
    """Return a contract's fields; of a choice between contracts, those that any of them has."""
    found: dict[str, Any] = {}
    for part in typing.get_args(kind) or (kind,):
        found |= getattr(part, "model_fields", {})
    return found
