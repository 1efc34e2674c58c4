"""Apply what befalls data: bodies that another version made, and workloads that all mean one key."""

from __future__ import annotations

import json
from typing import Any

from studio.model.faults.data_faults import HotKey, Mismatch
from studio.simulation.harming.applier import ANYWAY, Applier, Way
from studio.simulation.randomness import mix, stable_key

__all__ = ["DataHarm"]


class DataHarm(Applier):
    """Faults of data."""

    kinds = (Mismatch, HotKey)

    def arriving(  # noqa: PLR0917 - what is carried, and where
        self, address: str, leg: str, body: bytes, causal: int, message: int, way: Way = ANYWAY
    ) -> bytes | None:
        """Return a body as another version has it; None where none made it.

        Args:
            address: Of the message.
            leg: `request` (of a call, or of an event to a consumer) or `reply`.
            body: As it was sent.
            causal: Key of what is carried.
            message: Its id. One that is of another version is so at every delivery.
            way: Between whom.
        """
        spoilt = None
        for standing, fault in self.of(Mismatch, address, way=way):
            thing = mix(message, stable_key(leg))
            if fault.leg == leg and self.harm.strikes_for_good(standing, thing, causal):
                self.harm.note(standing, message, f"{leg} of another version")
                body = spoilt = _changed(fault, body)
        return spoilt

    def heated(self, address: str, message: Any, first: Any, key: int) -> Any:
        """Return a workload's message, with the first one's value of a field where a plan has it so.

        Args:
            address: Where it goes.
            message: As it was made.
            first: The workload's first message.
            key: Of the message.
        """
        for standing, fault in self.of(HotKey, address):
            if self.harm.strikes(standing, key):
                self.harm.note(standing, 0, f"{fault.field} is that of the first")
                message = _with(message, first, fault.field.split("."))
        return message


def _changed(fault: Mismatch, body: bytes) -> bytes:
    """Return JSON as another version has it; what is no JSON stays as it is."""
    try:
        return json.dumps(fault.change(json.loads(body)), separators=(",", ":")).encode()
    except ValueError:
        return body


def _with(message: Any, first: Any, path: list[str]) -> Any:
    """Return a copy of a message that has another one's value at a path; itself where either has no such field."""
    name, rest = path[0], path[1:]
    is_plain = isinstance(message, dict)
    own = message.get(name, _ABSENT) if is_plain else getattr(message, name, _ABSENT)
    other = first.get(name, _ABSENT) if isinstance(first, dict) else getattr(first, name, _ABSENT)
    if own is _ABSENT or other is _ABSENT:
        return message
    value = _with(own, other, rest) if rest else other
    return message | {name: value} if is_plain else message.model_copy(update={name: value})


_ABSENT: Any = object()
