"""Decide whether the output of one stage can be the input of the next.

Values cross encoded, so the question is structural: does what is sent hold every field that the receiver requires,
with types that decode? Constraints (`gt=0`) are not looked at: they are about values. A false yes costs a failure at
run time, a false no costs the author a pointless stage; where a type is `Any` or unknown the answer is yes.
"""

from __future__ import annotations

import datetime as dt
import types
import typing
from typing import Any

import pydantic
from pydantic.fields import FieldInfo

from studio.contract import type_name

__all__ = ["why_not"]

_WIDER: dict[Any, tuple[type, ...]] = {float: (int,)}
_NARROWER = {(dt.datetime, dt.date)}  # a subclass in Python, but its text is no date
_ARRAYS = (list, set, frozenset)


def why_not(gives: Any, takes: Any) -> str:
    """Return why a value of one type cannot be read as another; an empty string when it can.

    Args:
        gives: Output type of the stage before.
        takes: Input type of the stage after.

    Example:
        >>> why_not(int, str)
        'int is not str'
    """
    return _why_not(gives, takes, frozenset())


def _why_not(gives: Any, takes: Any, asked: frozenset[tuple[Any, Any]]) -> str:
    gives, takes = _bare(gives), _bare(takes)
    if takes is Any or gives is Any or gives == takes:
        return ""
    if _is_union(gives):
        return _first(_why_not(part, takes, asked) for part in typing.get_args(gives))
    if _is_union(takes):
        fits = any(not _why_not(gives, part, asked) for part in typing.get_args(takes))
        return "" if fits else f"{type_name(gives)} is none of {type_name(takes)}"
    if _is_model(gives) and _is_model(takes):
        return _model_why_not(gives, takes, asked)
    if typing.get_origin(gives) or typing.get_origin(takes):
        return _generic_why_not(gives, takes, asked)
    return "" if _is_narrower(gives, takes) else f"{type_name(gives)} is not {type_name(takes)}"


def _model_why_not(gives: Any, takes: Any, asked: frozenset[tuple[Any, Any]]) -> str:
    if (gives, takes) in asked:  # a model that holds its own kind: the outer question answers it
        return ""
    asked |= {(gives, takes)}
    written = {_written(name, field): field for name, field in gives.model_fields.items()}
    for name, field in takes.model_fields.items():
        given = next((written[known] for known in _read(name, field) if known in written), None)
        if given is None and field.is_required():
            return f"{type_name(gives)} has no field `{name}`"
        reason = "" if given is None else _why_not(given.annotation, field.annotation, asked)
        if reason:
            return f"field `{name}`: {reason}"
    return ""


def _generic_why_not(gives: Any, takes: Any, asked: frozenset[tuple[Any, Any]]) -> str:
    gives_origin, takes_origin = typing.get_origin(gives) or gives, typing.get_origin(takes) or takes
    if gives_origin is typing.Literal:
        return _literal_why_not(gives, takes, asked)
    if gives_origin is tuple or takes_origin is tuple:
        return _tuple_why_not(gives, takes, asked)
    if gives_origin is not takes_origin and not (gives_origin in _ARRAYS and takes_origin in _ARRAYS):
        return f"{type_name(gives)} is not {type_name(takes)}"
    pairs = zip(typing.get_args(gives), typing.get_args(takes), strict=False)
    return _first(_why_not(one, other, asked) for one, other in pairs)


def _literal_why_not(gives: Any, takes: Any, asked: frozenset[tuple[Any, Any]]) -> str:
    values = typing.get_args(gives)
    if typing.get_origin(takes) is typing.Literal:
        more = [value for value in values if value not in typing.get_args(takes)]
        return f"{type_name(takes)} has no {more[0]!r}" if more else ""
    return _first(_why_not(type(value), takes, asked) for value in values)


def _tuple_why_not(gives: Any, takes: Any, asked: frozenset[tuple[Any, Any]]) -> str:
    """Compare where at least one is a tuple: by place where both have a fixed length, else all items alike."""
    refusal = f"{type_name(gives)} is not {type_name(takes)}"
    if any((typing.get_origin(kind) or kind) not in (tuple, *_ARRAYS) for kind in (gives, takes)):
        return refusal
    given, taken = _items(gives), _items(takes)
    if ... in taken or typing.get_origin(takes) is not tuple:
        return _first(_why_not(one, other, asked) for one in given if one is not ... for other in taken[:1])
    if ... in given or len(given) != len(taken):
        return refusal if taken else ""
    return _first(_why_not(one, other, asked) for one, other in zip(given, taken, strict=True))


def _items(kind: Any) -> tuple[Any, ...]:
    """Return the types of an array's items, with `...` after the one that repeats."""
    arguments = typing.get_args(kind)
    return (*arguments, ...) if (typing.get_origin(kind) or kind) in _ARRAYS else arguments


def _is_narrower(gives: Any, takes: Any) -> bool:
    if not (isinstance(gives, type) and isinstance(takes, type)) or (gives, takes) in _NARROWER:
        return False
    return issubclass(gives, takes) or gives in _WIDER.get(takes, ())


def _written(name: str, field: FieldInfo) -> str:
    return field.serialization_alias or field.alias or name


def _read(name: str, field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, pydantic.AliasChoices) else [alias]
    return (*(choice for choice in choices if isinstance(choice, str)), name)


def _first(reasons: typing.Iterable[str]) -> str:
    return next((reason for reason in reasons if reason), "")


def _bare(kind: Any) -> Any:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    return type(None) if kind is None else kind


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (typing.Union, types.UnionType)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)
