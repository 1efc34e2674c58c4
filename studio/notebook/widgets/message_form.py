"""What stands behind the form of a message: the addresses and their schemas, examples, sending, complaints by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic

from studio.contract import ServiceError, codec, type_name
from studio.errors import StudioError, UnknownAddress, nearest
from studio.observe.axis import instant
from studio.simulation.randomness import share, stable_key
from studio.simulation.workload.sampling import sample

if TYPE_CHECKING:
    from studio.graph.build import Graph
    from studio.simulation.world import World

__all__ = ["MessageForm", "addresses_of"]

_BEYOND = 10_000
"""Examples are numbered from here on, so that their keys are none that a workload makes."""


def addresses_of(graph: Graph) -> list[dict[str, Any]]:
    """Return what can be sent in a system: address, what it is, its contract's name and JSON Schema."""
    found = []
    for address in graph.addresses():
        contract = _contract(graph, address)
        found.append(
            {
                "address": address,
                "kind": graph.kind_of(address),
                "contract": "" if contract is None else type_name(contract),
                "schema": _schema(contract),
            }
        )
    return sorted(found, key=lambda each: (each["kind"] != "command", each["address"]))


class MessageForm:
    """Answers what the form of a message asks.

    Args:
        world: Where messages go.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._examples = 0

    def example(self, address: str) -> dict[str, Any]:
        """Return made data for an address, other data each time, as workloads make it."""
        contract = self._demand(address)
        self._examples += 1
        seed, count = self._world.seed, self._examples
        event = self._world.build.graph.events.get(address)
        made = sample(
            contract,
            lambda stream: share(seed, stable_key("form"), count, stable_key(stream)),
            key=event.key if event is not None and event.key else "id" if "id" in _fields(contract) else "",
            ordinal=_BEYOND + count,
        )
        return {"value": json.loads(codec(contract).encode(made))}

    def check(self, address: str, text: str) -> dict[str, Any]:
        """Say what is wrong with a message, by the paths of its fields: `items.0.sku`.

        Args:
            address: Where it is to go.
            text: JSON.
        """
        reading = self._read(address, text)
        return {"complaints": reading if isinstance(reading, dict) else {}}

    def send(self, address: str, text: str) -> dict[str, Any]:
        """Send a message, and return what came of it; complaints by field where it is none.

        Args:
            address: Where it goes.
            text: JSON.
        """
        reading = self._read(address, text)
        if isinstance(reading, dict):
            return {"complaints": reading}
        try:
            answer = self._world.send(address, reading[0])
        except ServiceError as error:
            return {"complaints": {}, "declared": error.code(), "answer": _pretty(error.fields), "text": error.text}
        except StudioError as error:
            return {"complaints": {}, "error": str(error)}
        operation = self._world.build.graph.operations.get(address)
        if operation is None:
            return {"complaints": {}, "done": f"{address} is published, at {instant(self._world.now_ns)}"}
        encoded = json.loads(codec(operation[1].returns).encode(answer)) if operation[1].returns else None
        done = f"{address} answered, at {instant(self._world.now_ns)}"
        return {"complaints": {}, "done": done, "answer": _pretty(encoded)}

    def _demand(self, address: str) -> Any:
        graph = self._world.build.graph
        if not graph.kind_of(address):
            raise UnknownAddress(address=address, known=nearest(address, graph.addresses()))
        return _contract(graph, address)

    def _read(self, address: str, text: str) -> tuple[Any] | dict[str, str]:
        """Return the message that a text stands for, or what is wrong with it."""
        contract = self._demand(address)
        try:
            plain = json.loads(text)
        except ValueError as error:
            return {"": f"it is no JSON: {error}"}
        if contract is None:
            return (plain,)
        try:
            return (codec(contract).decode(text.encode()),)
        except pydantic.ValidationError as error:
            return {_path(each["loc"]): each["msg"] for each in reversed(error.errors(include_url=False))}


def _contract(graph: Graph, address: str) -> Any:
    if address in graph.operations:
        return graph.operations[address][1].takes
    event = graph.events.get(address)
    return None if event is None else event.contract


def _schema(contract: Any) -> dict[str, Any]:
    """Return a contract's JSON Schema; empty, so that JSON is written, where there is none."""
    if contract is None:
        return {}
    try:
        return codec(contract).schema()
    except (pydantic.errors.PydanticUserError, StudioError):  # a field of a type without a schema
        return {}


def _fields(contract: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(contract, "model_fields", {})
    return found


def _path(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts if part != "function-after")


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value not in (None, {}) else ""
