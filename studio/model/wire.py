"""Decide whether the output of one stage can be the input of the next.

Values cross encoded, so the question is structural: does what is sent hold every field that the receiver requires, with
types that decode? A false yes costs a failure at run time, a false no costs the author a pointless stage; where a type is
`Any` or unknown the answer is yes.
"""

from __future__ import annotations

import types
import typing
from typing import Any

import pydantic

__all__ = ["why_not"]

_WIDER: dict[type, tuple[type, ...]] = {float: (int,)}


def why_not(gives: Any, takes: Any) -> str:
    """Return why a value of one type cannot be read as another; an empty string when it can.

    Args:
        gives: Output type of the stage before.
        takes: Input type of the stage after.
    """
    gives, takes = _bare(gives), _bare(takes)
    if takes is Any or gives is Any or gives is takes or gives == takes:
        return ""
    if _is_union(gives):
        return next((reason for reason in (why_not(part, takes) for part in typing.get_args(gives)) if reason), "")
    if _is_union(takes):
        reasons = [why_not(gives, part) for part in typing.get_args(takes)]
        return "" if "" in reasons else f"{_name(gives)} is none of {_name(takes)}"
    if _is_model(gives) and _is_model(takes):
        return _model_why_not(gives, takes)
    if typing.get_origin(gives) or typing.get_origin(takes):
        return _generic_why_not(gives, takes)
    if (
        isinstance(gives, type)
        and isinstance(takes, type)
        and (issubclass(gives, takes) or gives in _WIDER.get(takes, ()))
    ):
        return ""
    return f"{_name(gives)} is not {_name(takes)}"


def _model_why_not(gives: Any, takes: Any) -> str:
    if issubclass(gives, takes):
        return ""
    for name, field in takes.model_fields.items():
        given = gives.model_fields.get(name)
        if given is None:
            if field.is_required():
                return f"{_name(gives)} has no field `{name}`"
            continue
        reason = why_not(given.annotation, field.annotation)
        if reason:
            return f"field `{name}`: {reason}"
    return ""


def _generic_why_not(gives: Any, takes: Any) -> str:
    gives_origin, takes_origin = typing.get_origin(gives) or gives, typing.get_origin(takes) or takes
    if gives_origin is not takes_origin:
        return f"{_name(gives)} is not {_name(takes)}"
    pairs = zip(typing.get_args(gives), typing.get_args(takes), strict=False)
    return next((reason for reason in (why_not(a, b) for a, b in pairs) if reason), "")


def _bare(kind: Any) -> Any:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    return type(None) if kind is None else kind


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (typing.Union, types.UnionType)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def _name(kind: Any) -> str:
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))
