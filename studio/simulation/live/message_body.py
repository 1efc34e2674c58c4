"""Write what is sent to a world as JSON, by the contract of its address, and read it back.

Whoever acts on a world acts with what was read back, so that a repetition has the very same values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from studio.contract import codec, invalid_message
from studio.graph.system import Build
from studio.model.scenario import Given
from studio.simulation.targets import collection_of

__all__ = ["body_of", "contract_at", "documents_from", "documents_to", "message_from"]


def contract_at(build: Build, address: str) -> Any:
    """Return the contract of an event or command.

    Raises:
        UnknownAddress: It is neither.
    """
    graph = build.graph
    if graph.demand(address) == "command":
        return graph.operations[address][1].takes
    event = graph.events.get(address)
    return event.contract if event else next((each.takes for _, each in graph.subscribers(address)), Any)


def body_of(build: Build, address: str, message: Any) -> str:
    """Return a message as JSON text.

    Raises:
        UnknownAddress: The address is neither event nor command.
        InvalidMessage: The message is none of its contract.
    """
    contract = contract_at(build, address)
    owner, _, operation = address.rpartition(".")
    try:
        return codec(contract).encode(message).decode()
    except ValidationError as error:
        raise invalid_message(contract, error, service=owner, operation=operation) from error


def message_from(build: Build, address: str, body: str) -> Any:
    """Return the message that `body_of` wrote.

    Raises:
        UnknownAddress: The address is neither event nor command any more.
        ValueError: It is none of its contract any more.
    """
    return codec(contract_at(build, address)).decode(body.encode())


def documents_to(build: Build, target: str, values: Sequence[Any]) -> list[Any]:
    """Return documents of a collection as plain JSON values.

    Raises:
        UnknownTarget: There is no such collection.
        InvalidMessage: One of them is none of its contract.
    """
    contract = _collected(build, target)
    owner, _, _ = target.partition(".")
    try:
        made = [contract.model_validate(each) if isinstance(each, dict) else each for each in values]
        return [json.loads(codec(contract).encode(each)) for each in made]
    except ValidationError as error:
        raise invalid_message(contract, error, service=owner, operation=f"given {target}") from error


def documents_from(build: Build, target: str, values: Sequence[Any]) -> list[Any]:
    """Return the documents that `documents_to` wrote."""
    contract = _collected(build, target)
    return [codec(contract).decode(json.dumps(each).encode()) for each in values]


def _collected(build: Build, target: str) -> Any:
    """Return the contract of a collection."""
    found = collection_of(build, Given(target, ()))
    assert found is not None, "what is no collection is refused"
    graph = build.graph
    holder: Any = graph.services.get(found[0]) or graph.externals[found[0]]
    return holder.collections[found[1]].contract
