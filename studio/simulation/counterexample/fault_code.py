"""Write faults as code: the line that an author would write for each, such as `lose("cards", leg="reply")`.

It asks the constructors' own signatures, so that a new kind of fault needs nothing here: an option is written under the
name that the constructor gives it, and left out where the constructor fills the field alike without it.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from studio.address import S, parse
from studio.errors import StudioError
from studio.model import distribution
from studio.model.declaring import gather
from studio.model.distribution import Constant, Distribution
from studio.model.duration import exact_ns, shortest_ns
from studio.model.fault import KINDS, Fault

__all__ = ["constructor_of", "distribution_code", "fault_code", "fields_of", "namespace", "plan_code", "target_code"]

_WHEN = {
    "at": "from_ns", "until": "until_ns", "probability": "probability", "occurrence": "occurrence", "every": "every",
    "source": "source", "to": "to",
}  # fmt: skip
"""Options that constructors take as `**options`, and the fields that they fill."""
_IRREGULAR = {"crash-point": "crash_at"}
"""Kinds whose constructor has another name than the kind."""


def plan_code(plan: Sequence[Fault], sign: str = "S") -> list[str]:
    """Return one line of code for each fault of a plan; `sign` is what addresses begin with, `S` or `$`."""
    return [fault_code(fault, sign) for fault in plan]


def fault_code(fault: Fault, sign: str = "S") -> str:
    """Return the call that makes a fault; evaluating it gives an equal one.

    Args:
        fault: Any that a constructor can make.
        sign: What addresses begin with: `S`, or `$` in a cell.
    """
    short = _Call(fault, "S", is_full=False).text
    is_full = _evaluated(short) != fault  # an option's default may hang on the others
    return _Call(fault, sign, is_full=is_full).text


@functools.cache
def constructor_of(kind: str) -> Callable[..., Fault]:
    """Return the public function that makes faults of a kind; it stands beside the kind's class."""
    name = _IRREGULAR.get(kind, kind.replace("-", "_"))
    made: Callable[..., Fault] = getattr(sys.modules[KINDS[kind].__module__], name)
    return made


def fields_of(kind: str) -> dict[str, str]:
    """Return the options that a kind's constructor takes, each with the field that it fills."""
    parameters = inspect.signature(constructor_of(kind)).parameters.values()
    names = [name for each in parameters for name in (_WHEN if each.kind is each.VAR_KEYWORD else (each.name,))]
    return {name: _field_of(KINDS[kind], name) for name in names}


def namespace() -> dict[str, Any]:
    """Return the names that the code of faults may use."""
    made = [constructor_of(kind) for kind in KINDS]
    given = {name: getattr(distribution, name) for name in distribution.__all__}
    return {"S": S, **given, **{each.__name__: each for each in made}}


def target_code(target: str, sign: str = "S") -> str:
    """Return a target as code: an address as `S.Order.created`, anything else (a service, a pattern) in quotes."""
    try:
        address = parse(target)
    except StudioError:
        return _text(target)
    parts = target.split(".")
    is_plain = str(address) == target and len(parts) > 1 and all(_is_name(part) for part in parts)
    return f"{sign}.{target}" if is_plain else _text(target)


def distribution_code(value: Distribution) -> str:
    """Return a distribution as code; a constant one as the duration that it is."""
    if type(value) is Constant:
        return _text(value.value)
    given = ", ".join(f"{field.name}={_literal(getattr(value, field.name))}" for field in fields(value))
    return f"{type(value).__name__}({given})"


@dataclass(frozen=True, slots=True)
class _Call:
    """The call of a fault's constructor.

    Attributes:
        fault: What it makes.
        sign: What addresses begin with.
        is_full: Whether options are written that have their defaults, too.
    """

    fault: Fault
    sign: str
    is_full: bool

    @property
    def text(self) -> str:
        make = constructor_of(self.fault.kind)
        return f"{make.__name__}({', '.join(self._arguments(make))})"

    def _arguments(self, make: Callable[..., Fault]) -> Iterator[str]:
        """Yield the arguments: those without a default in order, the others by name."""
        plain, parameters = _plain(make, self.fault), inspect.signature(make).parameters
        for parameter in parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                options = [name for name in _WHEN if name not in parameters]
                yield from (self._named(name) for name in options if self._is_needed(name, plain))
            elif parameter.kind is parameter.VAR_POSITIONAL:
                parts = getattr(self.fault, _field_of(type(self.fault), parameter.name))
                yield from (fault_code(part, self.sign) for part in parts)
            elif parameter.default is parameter.empty:
                yield self._value(parameter.name)
            elif self._is_needed(parameter.name, plain):
                yield self._named(parameter.name)

    def _is_needed(self, name: str, plain: Fault | None) -> bool:
        """Whether leaving an option out gives something else."""
        field = _field_of(type(self.fault), name)
        value = getattr(self.fault, field)
        if value is None:  # nothing is said by saying nothing
            return False
        is_aim = name == "target"
        is_same = plain is not None and getattr(plain, field) == value and not (is_aim and self.fault.also)
        return not is_same or (self.is_full and not is_aim)

    def _named(self, name: str) -> str:
        return f"{name}={self._value(name)}"

    def _value(self, name: str) -> str:
        field = _field_of(type(self.fault), name)
        value = getattr(self.fault, field)
        if name == "target":
            return self._names(self.fault.targets)
        if name in ("source", "to"):
            return self._names(value)
        return _text(shortest_ns(value)) if field.endswith("_ns") else _literal(value)

    def _names(self, names: Sequence[str]) -> str:
        written = [target_code(name, self.sign) for name in names]
        return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _plain(make: Callable[..., Fault], fault: Fault) -> Fault | None:
    """Return the fault that a constructor makes of what must be given; None where that alone makes none."""
    given: list[Any] = []
    for each in inspect.signature(make).parameters.values():
        value: Any = None if each.kind is each.VAR_KEYWORD else getattr(fault, _field_of(type(fault), each.name))
        if each.kind is each.VAR_POSITIONAL:
            given += value or ()
        elif each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD:
            given.append(exact_ns(value) if _field_of(type(fault), each.name).endswith("_ns") else value)
    try:
        with gather():  # else it would be added to a scenario that is being declared
            return make(*given)
    except StudioError:
        return None


def _evaluated(text: str) -> Fault | None:
    try:
        with gather():
            made: Fault = eval(text, namespace())  # noqa: S307 - our own text, of values only
    except StudioError:
        return None
    return made


def _field_of(kind: type[Fault], name: str) -> str:
    """Return the field that an option fills: itself, one by another name, or a time that it says as a duration."""
    known = {field.name for field in fields(kind)}
    wanted = (kind.written.get(name, ""), _WHEN.get(name, ""), name, f"{name}_ns")
    return next(each for each in wanted if each in known)


def _literal(value: Any) -> str:
    if isinstance(value, Distribution):
        return distribution_code(value)
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return f"[{', '.join(map(_text, value))}]"
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
