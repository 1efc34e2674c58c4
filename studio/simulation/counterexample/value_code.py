"""Write values as code: the constructor calls by which an author would make a message, and the imports they need."""

from __future__ import annotations

import datetime as dt
import enum
import math
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from studio.graph.system import Build
from studio.source.file import module_path

__all__ = ["Coder", "importable", "quoted"]

_WIDTH = 100


def importable(build: Build) -> dict[str, dict[str, Any]]:
    """Return what a cell may import from the system's own files: contracts and plain modules, by path."""
    shared = [each for each in build.graph.definitions.values() if each.source.kind in ("contracts", "module")]
    # Contracts last: what a plain module has imported from them is theirs.
    ordered = sorted(shared, key=lambda each: each.source.kind == "contracts")
    return {module_path(each.source.origin): vars(each.module) for each in ordered if not each.source.implicit}


class Coder:
    """Write values with the names that a cell sees, or may import.

    Args:
        names: What a cell sees, by name.
        modules: What can be imported, by module. A type that is nowhere is written as its data.
    """

    def __init__(self, names: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]]) -> None:
        self._names = {id(value): name for name, value in names.items() if isinstance(value, type)}
        self._modules = {
            id(value): (module, name)
            for module, exports in modules.items()
            for name, value in exports.items()
            if isinstance(value, type) and id(value) not in self._names
        }
        self._imported: dict[str, set[str]] = {}

    @property
    def imports(self) -> list[str]:
        """Return the import statements that the code so far needs."""
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self._imported.items())]

    def code(self, value: Any, indent: int = 0) -> str:
        """Return an expression for a value; evaluating it gives an equal one.

        Args:
            value: A contract's instance, or what JSON and contracts hold.
            indent: Of the line it stands in; longer ones are broken.
        """
        match value:
            case BaseModel():
                return self._model(value, indent)
            case dict():
                items = [f"{self.code(key)}: {self.code(each, indent + 4)}" for key, each in value.items()]
                return _joined("{", items, "}", indent)
            case list() | tuple() | set() | frozenset():
                return self._collection(value, indent)
            case enum.Enum():
                return self._enumerated(value)
            case _:
                return self._plain(value)

    def name(self, kind: type) -> str:
        """Return the name under which a type is known, imported where it must be; empty where it is nowhere."""
        if id(kind) in self._modules and id(kind) not in self._names:
            module, name = self._modules[id(kind)]
            self._imported.setdefault(module, set()).add(name)
            return name
        return self._names.get(id(kind), "")

    def _model(self, value: BaseModel, indent: int) -> str:
        kind, known = type(value), self.name(type(value))
        if not known:
            return self.code(value.model_dump(mode="json", by_alias=True), indent)
        given = [
            f"{name}={self.code(getattr(value, name), indent + 4)}"
            for name, field in kind.model_fields.items()
            if name in value.model_fields_set or not _is_default(value, name, field)
        ]
        return _joined(f"{known}(", given, ")", indent)

    def _collection(self, value: Any, indent: int) -> str:
        ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        items = [self.code(each, indent + 4) for each in ordered]
        if isinstance(value, list):
            return _joined("[", items, "]", indent)
        if isinstance(value, tuple):
            return f"({items[0]},)" if len(items) == 1 else _joined("(", items, ")", indent)
        name = type(value).__name__
        return _joined(f"{name}([", items, "])", indent)

    def _enumerated(self, value: enum.Enum) -> str:
        known = self.name(type(value))
        return f"{known}.{value.name}" if known else self.code(value.value)

    def _plain(self, value: Any) -> str:
        match value:
            case str():
                return quoted(value)
            case Decimal():
                return f'Decimal("{value}")'
            case dt.datetime() | dt.date() | dt.time():
                return quoted(value.isoformat())  # which contracts read: a time zone's own name may be no code
            case uuid.UUID():
                return quoted(str(value))
            case float() if not math.isfinite(value):
                return f'float("{value}")'
        if isinstance(value, dt.timedelta):
            self._imported.setdefault("datetime", set()).add("timedelta")
        return repr(value).removeprefix("datetime.")


def quoted(text: str) -> str:
    """Return a string literal, in double quotes where that needs no escape more."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in text else shown


def _is_default(value: BaseModel, name: str, field: Any) -> bool:
    """Whether leaving a field out gives the same; one that is made by a factory is always written."""
    return not field.is_required() and field.default_factory is None and getattr(value, name) == field.default


def _joined(start: str, items: list[str], end: str, indent: int) -> str:
    """Return items on one line, or below each other where that is too long."""
    whole = f"{start}{', '.join(items)}{end}"
    if len(whole) + indent <= _WIDTH and "\n" not in whole:
        return whole
    margin = " " * (indent + 4)
    return "\n".join([start, *(f"{margin}{item}," for item in items), f"{' ' * indent}{end}"])
