"""Make the cards of contracts and of plain modules."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from typing import Any

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from studio.contract import ServiceError, type_name
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.model.event import Event
from studio.notebook.cards.card import Card, Cell, Section, Span, Table, address, code, muted, words
from studio.notebook.cards.wording import count, listed

__all__ = ["contracts_card", "module_card"]

_FIELDS = ("Field", "Type", "Default", "Constraints", "Meaning")
_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
_VALUE_MAX = 60
_EMPTY: dict[Any, str] = {list: "[]", dict: "{}", set: "set()", tuple: "()", frozenset: "frozenset()"}


def contracts_card(definition: Definition, graph: Graph) -> Card:
    """Return the card of a contracts cell: fields of each contract, errors, events, and what else it defines."""
    exports = _exports(definition)
    contracts = {name: each for name, each in exports.items() if _is_a(each, pydantic.BaseModel)}
    errors = {name: each for name, each in exports.items() if _is_a(each, ServiceError)}
    rest = {name: each for name, each in exports.items() if name not in contracts and name not in errors}
    events = definition.declarations.of(Event)
    facts = [(len(contracts), "contract"), (len(errors), "error"), (len(events), "event")]
    sections: tuple[Section, ...] = (
        *(_contract(name, each) for name, each in contracts.items()),
        _errors(errors),
        _events(events, graph),
        _rest("Also defines", rest),
    )
    shown = tuple(Span(count(number, noun)) for number, noun in facts if number)
    return Card("contracts", definition.source.name, shown, definition.module.__doc__ or "", sections)


def module_card(definition: Definition, graph: Graph) -> Card:
    """Return the card of a module: what it defines, and who uses it."""
    users = [each.source.label for each in graph.definitions.values() if definition.name in each.uses]
    exports = {name: each for name, each in _exports(definition).items() if name != definition.source.name}
    facts = (Span(f"used by {listed(users)}"),) if users else ()
    doc = definition.module.__doc__ or ""
    return Card("module", definition.source.name, facts, doc, (_rest("Defines", exports),))


def constraints(field: FieldInfo) -> str:
    """Return what values of a field must obey, besides their type: `> 0, length ≤ 80`."""
    return ", ".join(text for each in field.metadata for text in _constraint(each))


def _exports(definition: Definition) -> dict[str, Any]:
    """Return what others see, in the order in which the cell defines it."""
    return {name: each for name, each in vars(definition.module).items() if name in definition.exports}


def _is_a(value: Any, kind: type[Any]) -> bool:
    return isinstance(value, type) and issubclass(value, kind)


def _contract(name: str, contract: type[pydantic.BaseModel]) -> Table:
    rows = tuple(
        (
            code(field.alias or name),
            code(_type_text(field)),
            _default(field),
            words(constraints(field)),
            words(field.description or ""),
        )
        for name, field in contract.model_fields.items()
    )
    own = "" if contract.__doc__ is None or contract.__doc__ == _inherited_doc(contract) else contract.__doc__
    return Table(name, _FIELDS, rows or ((muted("no fields"), (), (), (), ()),), _first_line(own))


def _inherited_doc(contract: type[Any]) -> str | None:
    return next((base.__doc__ for base in contract.__mro__[1:] if base.__doc__), None)


def _type_text(field: FieldInfo) -> str:
    return type_name(field.annotation)


def _default(field: FieldInfo) -> Cell:
    if field.default_factory in _EMPTY:
        return code(_EMPTY[field.default_factory])
    if field.default_factory is not None:
        made = getattr(field.default_factory, "__name__", "a function")
        return words("made by ", "muted") + code(made) if made != "<lambda>" else muted("made anew")
    if field.default is PydanticUndefined:
        return muted("required")
    return code(_repr(field.default))


def _constraint(value: Any) -> Iterator[str]:
    for name, sign in _SIGNS.items():
        if getattr(value, name, None) is not None:
            yield f"{sign} {getattr(value, name)}"
    for name, sign in (("min_length", "≥"), ("max_length", "≤")):
        if getattr(value, name, None) is not None:
            yield f"length {sign} {getattr(value, name)}"
    if getattr(value, "multiple_of", None) is not None:
        yield f"multiple of {value.multiple_of}"
    for name, text in (("pattern", "matches"), ("max_digits", "digits ≤"), ("decimal_places", "decimal places ≤")):
        if getattr(value, name, None) is not None:
            yield f"{text} {getattr(value, name)}"


def _errors(errors: dict[str, type[ServiceError]]) -> Table:
    rows = tuple(
        (code(name), words(str(each.status)), code(_error_fields(each)), words(_own_doc(each)))
        for name, each in errors.items()
    )
    return Table("Errors", ("Name", "HTTP status", "Fields", "Meaning"), rows)


def _error_fields(error: type[ServiceError]) -> str:
    hints = {name: kind for name, kind in inspect.get_annotations(error, eval_str=False).items() if name != "status"}
    return ", ".join(f"{name}: {kind if isinstance(kind, str) else type_name(kind)}" for name, kind in hints.items())


def _own_doc(kind: type[Any]) -> str:
    return _first_line(kind.__dict__.get("__doc__") or "")


def _events(events: list[Event], graph: Graph) -> Table:
    rows = tuple(
        (address(each.address), code(type_name(each.contract)), code(each.key), _listeners(each.address, graph))
        for each in events
    )
    return Table("Events", ("Address", "Carries", "Key", "Heard by"), rows)


def _listeners(address_text: str, graph: Graph) -> Cell:
    found = sorted({name for name, _ in graph.subscribers(address_text)})
    found += [f"saga {saga.name}" for saga in graph.triggered(address_text)]
    return words(listed(found)) if found else muted("nobody yet")


def _rest(title: str, values: dict[str, Any]) -> Table:
    rows = tuple((code(name), code(_value_text(name, each)), words(_meaning(each))) for name, each in values.items())
    return Table(title, ("Name", "Is", "Meaning"), rows)


def _value_text(name: str, value: Any) -> str:
    if isinstance(value, type):
        bases = [base.__name__ for base in value.__bases__ if base is not object]
        return f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    if inspect.isroutine(value):
        try:
            prefix = "async def" if inspect.iscoroutinefunction(value) else "def"
            return f"{prefix} {name}{_signature(value)}"
        except (TypeError, ValueError):
            return "function"
    return f"{type_name(type(value))} = {_repr(value)}"


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    parts = [f"{each.name}: {_annotation(each.annotation)}" if each.annotation is not each.empty else each.name
             for each in signature.parameters.values()]  # fmt: skip
    returns = signature.return_annotation
    return f"({', '.join(parts)})" + ("" if returns is signature.empty else f" → {_annotation(returns)}")


def _annotation(kind: Any) -> str:
    return kind if isinstance(kind, str) else type_name(kind)


def _meaning(value: Any) -> str:
    if _is_a(value, enum.Enum):
        return _shortened(", ".join(value.__members__))
    return _first_line(value.__doc__ or "") if isinstance(value, type) or inspect.isroutine(value) else ""


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _repr(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, enum.Enum) and type(value).__str__ is enum.Enum.__str__
        else _shortened(repr(value))
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _VALUE_MAX else f"{text[: _VALUE_MAX - 1]}…"
