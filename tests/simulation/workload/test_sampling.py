"""Made data: valid for every contract, the same for the same draws, readable, distinct by key, skewed where asked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.contract import Contract
from studio.errors import CannotSample
from studio.model.distribution import Zipf
from studio.simulation.workload.sampling import EPOCH, sample

Draws = Callable[[int], Callable[[str], float]]


class Customer(Contract):
    id: str
    name: str
    email: str


class Item(Contract):
    sku: str
    quantity: int = pydantic.Field(gt=0)


class Order(Contract):
    id: str
    customer: Customer
    items: list[Item]
    total: Decimal = pydantic.Field(gt=0, decimal_places=2)
    status: str = "new"
    placed_at: dt.datetime


class Tree(Contract):
    name: str
    branches: list[Tree]


class Impossible(Contract):
    word: str

    @pydantic.field_validator("word")
    @classmethod
    def refuse(cls, value: str) -> str:
        raise ValueError("never right")


@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_made_data_is_valid_for_any_type(
    kinds: st.SearchStrategy[Any], draws: Draws, data: st.DataObject, seed: int
) -> None:
    kind = data.draw(kinds)
    value = sample(kind, draws(seed))
    assert pydantic.TypeAdapter(kind).validate_python(value) == value


@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_same_draws_make_the_same_data(
    contracts: st.SearchStrategy[Any], draws: Draws, data: st.DataObject, seed: int
) -> None:
    kind = data.draw(contracts)
    assert sample(kind, draws(seed)) == sample(kind, draws(seed))


def test_one_field_more_shifts_no_other(draws: Draws) -> None:
    more = pydantic.create_model("Item", __base__=Item, weight=(int, ...))
    assert Item.model_validate(sample(more, draws(3)).model_dump()) == sample(Item, draws(3))


def test_the_key_follows_the_ordinal_and_never_repeats(draws: Draws) -> None:
    orders = [sample(Order, draws(seed), key="id", ordinal=seed) for seed in range(1, 300)]
    assert [order.id for order in orders] == [f"order-{ordinal}" for ordinal in range(1, 300)]


@pytest.mark.parametrize("kind", [int, str, "uuid"])
def test_keys_of_any_kind_are_distinct(kind: Any, draws: Draws) -> None:
    import uuid

    made = pydantic.create_model("Event", __base__=Contract, ref=(uuid.UUID if kind == "uuid" else kind, ...))
    values = {sample(made, draws(7), key="ref", ordinal=ordinal).ref for ordinal in range(1, 200)}
    assert len(values) == 199


def test_a_customer_agrees_with_herself(draws: Draws) -> None:
    ada = sample(Order, draws(1), key="customer.id", ordinal=1).customer
    assert ada == Customer(id="customer-1", name="Ada", email="ada@example.com")


def test_skew_makes_the_first_of_a_path_the_most_frequent(draws: Draws) -> None:
    orders = [sample(Order, draws(seed), skew=[("customer.id", Zipf(1.5, values=20))]) for seed in range(300)]
    counts = Counter(order.customer for order in orders)
    assert counts.most_common(1)[0][0].id == "customer-1"
    assert len(counts) <= 20


def test_an_example_keeps_its_fields_but_for_key_and_changes(draws: Draws) -> None:
    example = sample(Order, draws(5))
    made = sample(Order, draws(9), like=example, key="id", ordinal=4, changes=[("customer.name", "Bob")])
    assert made.id == "order-4"
    assert made.customer.name == "Bob"
    assert made.model_copy(update={"id": example.id, "customer": example.customer}) == example


def test_like_a_contract_takes_that_contract(draws: Draws) -> None:
    assert isinstance(sample(Order, draws(5), like=Item), Item)


def test_a_field_with_a_default_keeps_it(draws: Draws) -> None:
    assert sample(Order, draws(5)).status == "new"


def test_dates_lie_about_the_worlds_epoch(draws: Draws) -> None:
    placed = [sample(Order, draws(seed)).placed_at for seed in range(20)]
    assert all(EPOCH - dt.timedelta(days=31) < moment <= EPOCH for moment in placed)


def test_a_contract_within_itself_ends(draws: Draws) -> None:
    assert all(isinstance(sample(Tree, draws(seed)), Tree) for seed in range(20))


def test_a_field_that_refuses_everything_is_named_with_the_remedy(draws: Draws) -> None:
    with pytest.raises(CannotSample, match=r"STU550(.|\n)*refused at word(.|\n)*workload\(\.\.\., word=\.\.\.\)"):
        sample(Impossible, draws(1))
