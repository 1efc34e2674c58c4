"""Say how records lie in the log: what each field is stored as, the tables of the file, and the way from older forms.

A file holds, in the schema `raw`, one table for each record type with integers and dictionary ids, and `names`, the
dictionary of each run; views outside it render names, hex ids and seconds for whoever opens the file with other tools.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_type_hints

from studio.records import TABLES
from studio.store.campaigns import campaign_form
from studio.store.queries import file_view

__all__ = ["MIGRATIONS", "VERSION", "Column", "columns"]

Kind = Literal["integer", "unsigned", "real", "name", "text"]

# Texts that hardly repeat; every other text is interned. Interning a text that never repeats would keep it twice.
_TEXTS = frozenset({"key", "body", "error_text", "text", "fields", "row", "detail"})
_UNSIGNED = frozenset({"causal"})  # a 64-bit hash
_IN_FILE = {"integer": "BIGINT", "unsigned": "UBIGINT", "real": "DOUBLE", "name": "UINTEGER", "text": "VARCHAR"}
_RENDERED = {**_IN_FILE, "name": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record, as it is stored."""

    name: str
    kind: Kind

    @property
    def stored(self) -> str:
        """Its type in the file."""
        return f'"{self.name}" {_IN_FILE[self.kind]}'

    @property
    def rendered(self) -> str:
        """Its type where names stand in full."""
        return f'"{self.name}" {_RENDERED[self.kind]}'


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table, in the order of the record's fields."""
    hints = get_type_hints(TABLES[table])
    return tuple(Column(name, _kind(name, hints[name])) for name in TABLES[table]._fields)  # type: ignore[attr-defined]


def _kind(name: str, annotation: type) -> Kind:
    if annotation is int:
        return "unsigned" if name in _UNSIGNED else "integer"
    if annotation is float:
        return "real"
    return "text" if name in _TEXTS else "name"


_RUNS = """
create table raw.runs (
  run INTEGER, scenario VARCHAR, seed BIGINT, sources VARCHAR, studio VARCHAR, python VARCHAR, started TIMESTAMP,
  status VARCHAR, end_ns BIGINT, records BIGINT, counts VARCHAR, sha256 VARCHAR, shape VARCHAR)
"""


_FIRST_TABLES = (
    "messages", "deliveries", "spans", "sagas", "saga_steps", "documents", "ledgers", "faults", "metrics", "logs",
    "lives", "violations",
)  # fmt: skip


def _first_form() -> list[str]:
    """Create the tables and views of form 1."""
    return [
        "create schema raw",
        "create table raw.names (run INTEGER, id UINTEGER, text VARCHAR)",
        _RUNS,
        *map(_create_table, _FIRST_TABLES),
        "create view runs as select * from raw.runs",
        *(file_view(table, columns(table)) for table in _FIRST_TABLES),
    ]


def _second_form() -> list[str]:
    """Add what policies did."""
    return [_create_table("policies"), file_view("policies", columns("policies"))]


def _third_form() -> list[str]:
    """Add what each run was given, and campaigns."""
    return [
        "alter table raw.runs add column case_json VARCHAR default ''",
        "create or replace view runs as select * from raw.runs",
        *campaign_form(),
    ]


def _fourth_form() -> list[str]:
    """Add the system that each run ran in, and the process that writes it."""
    return [
        "alter table raw.runs add column topology VARCHAR default ''",
        "alter table raw.runs add column holder VARCHAR default ''",
        "create or replace view runs as select * from raw.runs",
    ]


def _fifth_form() -> list[str]:
    """Add what is done to worlds, act by act, so that a run whose process was killed can be repeated, too."""
    return ["create table raw.acts (run INTEGER, seq INTEGER, act VARCHAR)"]


def _create_table(table: str) -> str:
    stored = ", ".join(column.stored for column in columns(table))
    return f"create table raw.{table} (run INTEGER, seq BIGINT, {stored})"


MIGRATIONS: list[Callable[[], list[str]]] = [_first_form, _second_form, _third_form, _fourth_form, _fifth_form]
"""The statements that lead from each form of the file to the next; the first leads from an empty file to form 1."""

VERSION = len(MIGRATIONS)
"""The form that this version of Studio writes."""
