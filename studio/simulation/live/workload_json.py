"""Write a workload as plain JSON values, by the contracts of a system, and read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from studio.contract import codec
from studio.errors import InvalidAct, nearest
from studio.graph.candidate import visible_names
from studio.graph.system import Build
from studio.model.distribution import Zipf
from studio.model.workload import Workload
from studio.simulation.counterexample.value_code import importable
from studio.simulation.live.message_body import body_of, message_from

__all__ = ["workload_from", "workload_to"]


def workload_to(build: Build, workload: Workload) -> dict[str, Any]:
    """Return a workload as plain JSON values; what has its default is left out.

    Raises:
        UnknownAddress: Its address is nothing.
        InvalidMessage: A message is none of the contract.
        InvalidAct: It holds what cannot be written down.
    """
    plain = Workload(workload.address)
    values = {
        field.name: getattr(workload, field.name)
        for field in fields(workload)
        if getattr(workload, field.name) != getattr(plain, field.name)
    }
    written: dict[str, Any] = {"address": workload.address, **values}
    address = workload.address
    if workload.messages:
        written["messages"] = [json.loads(body_of(build, address, each)) for each in workload.messages]
    if workload.like is not None:
        written["like"] = _like_to(build, workload.like)
    if workload.skew:
        written["skew"] = [[path, zipf.exponent, zipf.values] for path, zipf in workload.skew]
    try:
        return {name: to_jsonable_python(value) for name, value in written.items()}
    except PydanticSerializationError as error:
        raise InvalidAct(verb="workload", reason=f"its changes cannot be written down: {error}") from error


def workload_from(build: Build, values: Mapping[str, Any]) -> Workload:
    """Return the workload that `workload_to` wrote.

    Raises:
        UnknownAddress: Its address is nothing any more.
        InvalidAct: It cannot be read, or not by the contracts as they are.
    """
    try:
        given = {**values, "skew": tuple((path, Zipf(by, many)) for path, by, many in values.get("skew", ()))}
        given["steps"] = tuple((at, rate) for at, rate in values.get("steps", ()))
        given["changes"] = tuple((name, value) for name, value in values.get("changes", ()))
        address = values["address"]
        given["messages"] = tuple(message_from(build, address, json.dumps(each)) for each in values.get("messages", ()))
        given["like"] = _like_from(build, values["like"]) if "like" in values else None
        return Workload(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidAct(verb="workload", reason=f"it cannot be read: {error}") from error


def _like_to(build: Build, like: Any) -> dict[str, Any]:
    kind = like if isinstance(like, type) else type(like)
    names = [name for name, each in _contracts(build).items() if each is kind]
    if not names:
        raise InvalidAct(verb="workload", reason=f"like={kind.__name__} is no contract of the system")
    named = {"contract": names[0]}
    return named if isinstance(like, type) else {**named, "value": json.loads(codec(kind).encode(like))}


def _like_from(build: Build, written: Mapping[str, Any]) -> Any:
    names = _contracts(build)
    name = written["contract"]
    if name not in names:
        raise InvalidAct(verb="workload", reason=f"like={name} is gone; nearest: {nearest(name, names)}")
    return codec(names[name]).decode(json.dumps(written["value"]).encode()) if "value" in written else names[name]


def _contracts(build: Build) -> dict[str, Any]:
    """Return the types of a system by name: that which a cell sees, else that of its module and its own."""
    names = visible_names(build.graph.definitions.values())
    for module, exports in importable(build).items():
        names.update({f"{module}.{name}": each for name, each in exports.items() if isinstance(each, type)})
    return names
