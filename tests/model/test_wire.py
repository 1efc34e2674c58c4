"""Wires: a yes means that what is sent decodes; a no names the field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pydantic
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field

from studio.contract import Contract, codec
from studio.model.wire import why_not
from studio.simulation.workload.sampling import sample


class Customer(Contract):
    id: str
    email: str


class Order(Contract):
    id: str
    customer: Customer
    total: int


class Charge(Contract):
    id: str
    total: float
    note: str = ""


class Parcel(Contract):
    id: str
    city: str


class Aliased(Contract):
    order_id: str = Field(alias="id")


class Tree(Contract):
    branches: list[Tree]


class OtherTree(Contract):
    branches: list[OtherTree]


# What is refused for its value alone (a limit, a pattern) is no matter of wires.
VALUE_PROBLEMS = ("greater_than", "less_than", "too_", "pattern", "decimal_", "multiple_of", "finite")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_type_can_be_wired_to_itself(kinds: st.SearchStrategy[Any], data: st.DataObject) -> None:
    kind = data.draw(kinds)
    assert why_not(kind, kind) == ""


@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=120, deadline=None)
def test_a_yes_decodes(
    kinds: st.SearchStrategy[Any], draws: Callable[[int], Callable[[str], float]], data: st.DataObject, seed: int
) -> None:
    gives, takes = data.draw(kinds), data.draw(kinds)
    assume("Any" not in f"{codec(gives).schema()}{gives}" and {} not in _parts(codec(gives).schema()))
    assume(not why_not(gives, takes))
    problems = _problems(takes, codec(gives).encode(sample(gives, draws(seed))))
    assert [problem for problem in problems if not any(kind in problem for kind in VALUE_PROBLEMS)] == []


def _problems(takes: Any, body: bytes) -> list[str]:
    try:
        codec(takes).decode(body)
    except pydantic.ValidationError as error:
        return [detail["type"] for detail in error.errors()]
    return []


def _parts(schema: Any) -> list[Any]:
    """Every schema inside a schema: an empty one is a type that is not known."""
    if isinstance(schema, list):
        return [part for each in schema for part in _parts(each)]
    if not isinstance(schema, dict):
        return []
    own = {name: value for name, value in schema.items() if name not in ("title", "default")}
    return [own, *(part for value in schema.values() for part in _parts(value))]


@pytest.mark.parametrize(
    ("gives", "takes"),
    [
        (Order, Charge),
        (int, float),
        (Literal["a"], str),
        (Literal["a"], Literal["a", "b"]),
        (list[Order], list[Charge]),
        (set[int], list[int]),
        (tuple[int, str], tuple[int, str]),
        (tuple[int, int], list[int]),
        (Order, Charge | Parcel),
        (Any, Order),
        (Order, Any),
        (Annotated[int, Field(gt=0)], int),
        (None, None),
        (Tree, OtherTree),
        (Customer, Aliased),
    ],
)
def test_what_decodes_can_be_wired(gives: Any, takes: Any) -> None:
    assert why_not(gives, takes) == ""


@pytest.mark.parametrize(
    ("gives", "takes", "reason"),
    [
        (Order, Parcel, "Order has no field `city`"),
        (Charge, Order, "Charge has no field `customer`"),
        (Order, Order | None, ""),
        (Order | None, Order, "None is not Order"),
        (int, str, "int is not str"),
        (dt.datetime, dt.date, "datetime is not date"),
        (list[int], list[str], "int is not str"),
        (Literal["a", "c"], Literal["a", "b"], "Literal['a', 'b'] has no 'c'"),
        (tuple[int, ...], tuple[int, int], "tuple[int, …] is not tuple[int, int]"),
        (Order, Parcel | Customer, "Order is none of Parcel | Customer"),
        (None, Order, "None is not Order"),
    ],
)
def test_what_does_not_decode_is_refused_with_the_reason(gives: Any, takes: Any, reason: str) -> None:
    assert why_not(gives, takes) == reason
