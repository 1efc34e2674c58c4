"""The canonical encoding: equal runs give equal bytes, different runs different ones, foreign words left out."""

from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.records import TABLES, UNCOMPARED, Span, canonical

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, 2**63 - 1),
    str: st.text(),
    float: st.floats(allow_nan=False),
}


def record(kind: Any) -> st.SearchStrategy[Any]:
    """Records of one kind."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: VALUES[hints[name]] for name in kind._fields})


records = st.lists(st.one_of(*(record(kind) for kind in TABLES.values())), max_size=4)


def compared(each: Any) -> list[Any]:
    """What of a record is compared, with its type."""
    return [type(each).__name__, *(repr(getattr(each, name)) for name in each._fields if name not in UNCOMPARED)]


@given(records, records)
def test_different_records_give_different_bytes(one: list[Any], other: list[Any]) -> None:
    equal = [compared(each) for each in one] == [compared(each) for each in other]
    assert (canonical(one) == canonical(other)) is equal


@given(records)
def test_each_record_is_one_line_with_its_table_first(some: list[Any]) -> None:
    lines = canonical(some).splitlines()
    tables = {kind: table for table, kind in TABLES.items()}
    assert [json.loads(line)[0] for line in lines] == [tables[type(each)] for each in some]


@given(record(Span), st.text())
def test_the_text_of_a_foreign_error_is_not_compared(span: Span, text: str) -> None:
    assert canonical([span]) == canonical([span._replace(error_text=text)])


@pytest.mark.parametrize("kind", TABLES.values())
def test_every_column_is_a_number_or_text(kind: Any) -> None:
    assert set(typing.get_type_hints(kind).values()) <= {int, float, str}
