"""Versions of a contract: what is called compatible decodes, and what is not is named by path, reason and direction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from studio.compatibility import Incompatibility, compatible, schema_of
from studio.contract import Contract, codec
from studio.simulation.workload.sampling import sample


def version(**fields: Any) -> type[Contract]:
    """A version of a contract `Order`: a tuple gives type and default."""
    definitions: Any = {name: kind if isinstance(kind, tuple) else (kind, ...) for name, kind in fields.items()}
    return create_model("Order", __base__=Contract, **definitions)


Old = version(id=str, total=Decimal, customer=version(email=str))


class Tree(Contract):
    name: str
    branches: list[Tree]


class OtherTree(Contract):
    name: int
    branches: list[OtherTree]


@given(data=st.data(), seed=st.integers(0, 2**16))
@settings(max_examples=150, deadline=None)
def test_what_is_compatible_decodes(
    kinds: st.SearchStrategy[Any], draws: Callable[[int], Callable[[str], float]], data: st.DataObject, seed: int
) -> None:
    old, new = data.draw(kinds), data.draw(kinds)
    assume(not any(each.direction == "backward" for each in compatible(old, new)))
    codec(new).decode(codec(old).encode(sample(old, draws(seed))))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_version_is_compatible_with_itself(kinds: st.SearchStrategy[Any], data: st.DataObject) -> None:
    kind = data.draw(kinds)
    assert compatible(kind, kind) == []


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_the_directions_are_each_others_mirror(kinds: st.SearchStrategy[Any], data: st.DataObject) -> None:
    old, new = data.draw(kinds), data.draw(kinds)
    there = {(each.path, each.direction) for each in compatible(old, new)}
    turned = {"backward": "forward", "forward": "backward"}
    assert there == {(each.path, turned[each.direction]) for each in compatible(new, old)}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (version(id=str, total=Decimal, customer=version(email=str), note=(str, "")), []),
        (version(id=str, total=Decimal, customer=version(email=str), note=str), [("backward", "note")]),
        (version(id=str, total=Decimal), [("forward", "customer")]),
        (version(id=int, total=Decimal, customer=version(email=str)), [("backward", "id"), ("forward", "id")]),
        (version(id=str | None, total=Decimal, customer=version(email=str)), [("forward", "id")]),
        (version(id=str, total=Annotated[Decimal, Field(gt=0)], customer=version(email=str)), [("backward", "total")]),
        (version(id=str, total=Decimal, customer=version(mail=str)),
         [("backward", "customer.mail"), ("forward", "customer.email")]),
    ],
    ids=["optional field", "required field", "removed field", "other type", "wider", "narrower", "renamed inside"],
)  # fmt: skip
def test_a_change_is_named_by_direction_and_path(new: Any, expected: list[tuple[str, str]]) -> None:
    assert [(each.direction, each.path) for each in compatible(Old, new)] == expected


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (list[int], list[str], "[]"),
        (dict[str, int], dict[str, str], "{}"),
        (tuple[int, str], tuple[int, int], "[1]"),
        (Literal["a", "b"], Literal["a"], ""),
        (int, Annotated[int, Field(le=5)], ""),
        (str, dt.date, ""),
        (dict[str, int], dict[int, int], "{key}"),
        (Tree, OtherTree, "name"),
        (Any, int, ""),
    ],
)  # fmt: skip
def test_a_narrower_type_cannot_read_what_was_written(old: Any, new: Any, path: str) -> None:
    assert [each.path for each in compatible(old, new) if each.direction == "backward"] == [path]


def test_a_reason_reads_as_a_sentence_about_the_field() -> None:
    found = compatible(version(id=str), version(id=int))
    assert found[0] == Incompatibility("backward", "id", "was string, integer is read")


def test_a_kept_schema_stands_for_its_version() -> None:
    kept = json.loads(json.dumps(schema_of(Old)))
    assert compatible(kept, version(id=str)) == compatible(Old, version(id=str))


def test_any_json_schema_can_be_compared() -> None:
    plain = {"type": "object", "properties": {"id": {"type": ["string", "null"]}}, "required": ["id"]}
    assert [each.direction for each in compatible(plain, version(id=str))] == ["backward"]
