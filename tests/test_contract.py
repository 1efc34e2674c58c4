"""Contracts: what is encoded decodes to the same value; what is wrong is named; errors cross with their fields."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.contract import Contract, Empty, ServiceError, codec, decode_message, type_name
from studio.errors import InvalidDeclaration, InvalidMessage
from studio.simulation.workload.sampling import sample


class Item(Contract):
    sku: str
    quantity: int = 1


class Order(Contract):
    id: str
    items: list[Item]
    order_ref: str = pydantic.Field("", alias="orderRef")


class Limits(Contract):
    most: float
    seal: bytes
    tags: frozenset[str] = frozenset()


class CardDeclined(ServiceError):
    status = 402
    reason: str = ""
    attempts: int


class Gone(ServiceError): ...


@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_what_a_contract_encodes_it_decodes_to_an_equal_value(
    contracts: st.SearchStrategy[Any], draws: Callable[[int], Callable[[str], float]], data: st.DataObject, seed: int
) -> None:
    kind = data.draw(contracts)
    value = sample(kind, draws(seed))
    assert codec(kind).encode(codec(kind).decode(codec(kind).encode(value))) == codec(kind).encode(value)


@pytest.mark.parametrize("most", [float("inf"), float("-inf"), 0.1])
def test_infinities_and_any_bytes_survive(most: float) -> None:
    value = Limits(most=most, seal=b"\xff\x00")
    assert codec(Limits).decode(codec(Limits).encode(value)) == value


def test_sets_are_encoded_in_order_in_every_process() -> None:
    program = "from studio.contract import codec; print(codec(set[str]).encode({'b', 'c', 'a'}).decode())"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == '["a","b","c"]'


def test_an_alias_is_written_and_read_and_so_is_the_name() -> None:
    order = Order.model_validate({"id": "1", "items": [], "orderRef": "x"})
    assert codec(Order).decode(codec(Order).encode(order)) == order
    assert Order.model_validate({"id": "1", "items": [], "order_ref": "x"}) == order


def test_unknown_fields_are_dropped() -> None:
    assert codec(Item).decode(b'{"sku": "tea", "colour": "green"}') == Item(sku="tea")


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Item(sku="tea").quantity = 2


@pytest.mark.parametrize(
    ("kind", "value"), [(Item, Limits(most=1, seal=b"")), (int, "many"), (None, 5), (list[Item], [1])]
)
def test_encoding_a_value_of_another_type_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        codec(kind).encode(value)


def test_a_type_with_an_annotation_that_cannot_be_hashed_has_a_codec() -> None:
    kind = Annotated[int, pydantic.Field(gt=0, json_schema_extra={"x": [1]})]
    assert codec(kind).decode(b"5") == 5


def test_a_type_that_no_wire_carries_is_refused() -> None:
    with pytest.raises(InvalidDeclaration, match=r"STU302: type=Thread(.|\n)*Use a Contract"):
        codec(__import__("threading").Thread)


def test_an_invalid_message_names_who_what_value_and_remedy() -> None:
    body = b'{"id": "1", "items": [{"sku": "tea", "quantity": "many"}]}'
    with pytest.raises(InvalidMessage) as refused:
        decode_message(Order, body, service="Inventory", operation="reserve")
    text = str(refused.value)
    assert "STU150: service=Inventory operation=reserve: Order.items.0.quantity='many' is not valid" in text
    assert "Send what fits `items.0.quantity`, or change the contract in the cell that declares Order." in text


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [(b"{}", "id", "(missing)"), (b"{", "(whole message)", "'{'"), (b"[]", "(whole message)", "[]")],
)
def test_a_missing_field_and_broken_json_are_named_too(body: bytes, field: str, value: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        decode_message(Order, body, service="Inventory", operation="reserve")
    assert (refused.value.field, refused.value.value) == (field, value)


def test_all_problems_of_a_message_are_kept() -> None:
    with pytest.raises(InvalidMessage) as refused:
        decode_message(Order, b'{"items": 5}', service="Inventory", operation="reserve")
    assert [problem.path for problem in refused.value.problems] == ["id", "items"]


def test_a_declared_error_carries_its_fields() -> None:
    error = CardDeclined("no funds", reason="limit", attempts=2)
    assert (str(error), error.reason, error.attempts, error.status, error.code()) == (
        "no funds", "limit", 2, 402, "CardDeclined",
    )  # fmt: skip
    assert Gone("away").status == 400


@pytest.mark.parametrize("copy", [lambda e: CardDeclined.decode(e.encode()), lambda e: pickle.loads(pickle.dumps(e))])  # noqa: S301
def test_a_declared_error_survives_the_wire_and_worker_processes(copy: Any) -> None:
    error = copy(CardDeclined("no funds", attempts=2))
    assert (type(error), error.text, error.fields) == (CardDeclined, "no funds", {"reason": "", "attempts": 2})


def test_a_field_that_only_a_newer_version_knows_is_dropped() -> None:
    assert Gone.decode(b'{"text": "away", "fields": {"since": 5}}').fields == {}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [({}, r"attempts=\(missing\)"), ({"attempts": "many"}, "attempts='many'"), ({"attempts": 1, "sum": 5}, "sum=5")],
)
def test_fields_of_a_declared_error_are_checked(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidDeclaration, match=rf"STU302: CardDeclined\({problem}\)(.|\n)*reason, attempts"):
        CardDeclined("no funds", **fields)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Order, "Order"),
        (None, "None"),
        (list[Item], "list[Item]"),
        (Order | None, "Order | None"),
        (dict[str, list[Item]], "dict[str, list[Item]]"),
        (tuple[int, ...], "tuple[int, …]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, pydantic.Field(gt=0)], "int"),
        (Any, "Any"),
    ],
)
def test_a_type_reads_without_its_module(kind: Any, name: str) -> None:
    assert type_name(kind) == name


def test_nothing_is_empty() -> None:
    assert codec(Empty).encode(Empty()) == b"{}"


def test_a_class_of_another_execution_of_its_module_is_the_same_contract() -> None:
    body = "class Entry(Contract):\n    charge: str\n"
    first, second = (dict[str, Any](Contract=Contract, __name__="cards") for _ in range(2))
    for module in (first, second):
        exec(body, module)  # noqa: S102 - what an incarnation does
    one, other = first["Entry"], second["Entry"]
    assert one is not other
    assert codec(one).encode(other(charge="1")) == b'{"charge":"1"}'
