"""Say which DuckDB type a contract's field has where SQL shows it as a column."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

__all__ = ["common_fields", "field_types"]

# A decimal with six places is exact for money; more places would leave no room for products.
_SIMPLE = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", Decimal: "DECIMAL(28,6)", str: "VARCHAR"}


def field_types(contract: type) -> dict[str, str]:
    """Return each field of a contract with its DuckDB type; what SQL has no type for stays JSON.

    Args:
        contract: A class with pydantic's `model_fields`.
    """
    fields: Mapping[str, Any] = getattr(contract, "model_fields", {})
    return {name: _type(field.annotation) for name, field in fields.items()}


def common_fields(contracts: list[type]) -> dict[str, str]:
    """Return the fields of several contracts together; a field on whose type they disagree is text."""
    found: dict[str, str] = {}
    for contract in contracts:
        for name, kind in field_types(contract).items():
            found[name] = kind if found.get(name, kind) == kind else "VARCHAR"
    return found


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        kinds = {_type(part) for part in get_args(annotation) if part is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "JSON"
    if origin is Literal:
        return _type(type(get_args(annotation)[0]))
    if not isinstance(annotation, type) or origin is not None:
        return "JSON"
    return _of_class(annotation)


def _of_class(kind: type) -> str:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if issubclass(kind, datetime):
        return "TIMESTAMP"
    if issubclass(kind, date):
        return "DATE"
    if issubclass(kind, enum.Enum):
        return _type(type(next(iter(kind)).value))
    return next((title for base, title in _SIMPLE.items() if issubclass(kind, base)), "JSON")
