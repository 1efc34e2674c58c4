"""Write faults as code: the line that an author would write for each, such as `lose("cards", leg="reply")`.

It asks the constructors' own signatures, so that a new kind of fault needs nothing here: an option is written under the
name that the constructor gives it, and left out where it has its default.
"""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from studio.address import parse
from studio.errors import StudioError
from studio.model.declaring import gather
from studio.model.distribution import Constant, Distribution
from studio.model.duration import exact_ns
from studio.model.fault import KINDS, Fault
from studio.model.prelude import PRELUDE

__all__ = ["constructor_of", "distribution_code", "fault_code", "fields_of", "plan_code", "target_code"]

_WHEN = {"at": "from_ns", "until": "until_ns", "probability": "probability", "occurrence": "occurrence"}
"""Options that constructors take as `**when`, and the fields that they fill."""
_IRREGULAR = {"crash-point": "crash_at"}
"""Kinds whose constructor has another name than the kind."""


def plan_code(plan: Sequence[Fault]) -> list[str]:
    """Return one line of code for each fault of a plan."""
    return [fault_code(fault) for fault in plan]


def fault_code(fault: Fault) -> str:
    """Return the call that makes a fault, with names of the prelude only; evaluating it gives an equal fault."""
    make = constructor_of(fault.kind)
    return f"{make.__name__}({', '.join(_arguments(make, fault))})"


@functools.cache
def constructor_of(kind: str) -> Callable[..., Fault]:
    """Return the public function that makes faults of a kind."""
    name = _IRREGULAR.get(kind, kind.replace("-", "_"))
    made: Callable[..., Fault] = PRELUDE[name]
    return made


def fields_of(kind: str) -> dict[str, str]:
    """Return the options that a kind's constructor takes, each with the field that it fills."""
    names = [
        name
        for each in inspect.signature(constructor_of(kind)).parameters.values()
        for name in (_WHEN if each.kind is each.VAR_KEYWORD else (each.name,))
    ]
    return {name: _field_of(KINDS[kind], name) for name in names}


def target_code(target: str) -> str:
    """Return a target as code: an address as `S.Order.created`, anything else (a service, a pattern) in quotes."""
    try:
        address = parse(target)
    except StudioError:
        return _text(target)
    parts = str(address).split(".")
    is_plain = str(address) == target and len(parts) > 1 and all(_is_name(part) for part in parts)
    return f"S.{target}" if is_plain else _text(target)


def distribution_code(value: Distribution) -> str:
    """Return a distribution as code; a constant one as the duration that it is."""
    if type(value) is Constant:
        return _text(value.value)
    given = ", ".join(f"{field.name}={_literal(getattr(value, field.name))}" for field in fields(value))
    return f"{type(value).__name__}({given})"


def _arguments(make: Callable[..., Fault], fault: Fault) -> Iterator[str]:
    """Yield the arguments of a constructor's call: those without a default in order, the others by name."""
    for parameter in inspect.signature(make).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            yield from _window(make, fault)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            yield from map(_literal, getattr(fault, _field_of(fault, parameter.name)))
        else:
            value = getattr(fault, _field_of(fault, parameter.name))
            text = _option(parameter.name, value, fault)
            is_by_name = parameter.kind is parameter.KEYWORD_ONLY
            if parameter.default is parameter.empty or not _is_default(make, fault, parameter.name, value):
                yield f"{parameter.name}={text}" if is_by_name else text


def _window(make: Callable[..., Fault], fault: Fault) -> Iterator[str]:
    for name, field in _WHEN.items():
        value = getattr(fault, field)
        if not _is_default(make, fault, name, value) and value is not None:
            yield f"{name}={_option(name, value, fault)}"


def _is_default(make: Callable[..., Fault], fault: Fault, name: str, value: Any) -> bool:
    """Whether leaving an option out gives the same: asked of a fault that is made with nothing but what must be given.

    A constructor may choose a default that its class does not have: `crash_at` strikes the first time only.
    """
    return bool(getattr(_plain(make, fault), _field_of(fault, name)) == value)


def _plain(make: Callable[..., Fault], fault: Fault) -> Fault:
    needed = [
        getattr(fault, _field_of(fault, each.name))
        for each in inspect.signature(make).parameters.values()
        if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    with gather():  # else it would be added to a scenario that is being declared
        return make(*(exact_ns(each) if isinstance(each, int) else each for each in needed))


def _field_of(fault: Fault | type[Fault], name: str) -> str:
    """Return the field that an option fills: itself, or the time that it says as a duration."""
    stem = name.removesuffix("_for")
    known = {field.name for field in fields(fault)}
    return next(each for each in (_WHEN.get(name, ""), name, f"{name}_ns", f"{stem}_ns") if each in known)


def _option(name: str, value: Any, fault: Fault) -> str:
    if _field_of(fault, name).endswith("_ns"):
        return _text(exact_ns(value))
    return target_code(value) if name == "target" else _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, Distribution):
        return distribution_code(value)
    if is_dataclass(value) and not isinstance(value, type):
        given = ", ".join(f"{field.name}={_literal(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({given})"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Return a string literal in double quotes, as our formatter writes them."""
    shown = repr(value)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in value else shown


def _is_name(part: str) -> bool:
    return part.isidentifier() and not keyword.iskeyword(part)
