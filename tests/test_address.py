"""Addresses: built, parsed, formatted, matched."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from studio.address import (
    Address,
    Pattern,
    S,
    display,
    is_pattern,
    key,
    last,
    matches,
    parse,
    parts,
    pattern,
    subject,
)
from studio.errors import (
    BadAddressPart,
    EmptyAddress,
    MisplacedWildcard,
    NotAnAddress,
    UnexpectedWildcard,
)

names = st.sampled_from(["Order", "created", "a", "B", "x_1", "S", "count"])
addresses = st.lists(names, min_size=1, max_size=5).map(lambda found: parse(".".join(found)))
selectors = st.tuples(
    st.lists(st.one_of(names, st.just("*")), max_size=4), st.sampled_from([">", "*", "Order", "a"])
).map(lambda found: Pattern((*found[0], found[1])))


class Envelope(BaseModel):
    to: Address


def naively_matches(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    if not wanted or not found:
        return not wanted and not found
    if wanted == (">",):
        return True
    return wanted[0] in ("*", found[0]) and naively_matches(wanted[1:], found[1:])


@given(addresses)
def test_parsing_what_is_written_gives_the_same_address(address: Address) -> None:
    assert parse(str(address)) == address
    assert parse(display(address)) == address
    assert parse(address) is address
    assert eval(repr(address), {"S": S}) == address  # noqa: S307  (what a Python file says)


@given(addresses)
def test_copies_are_equal_and_keep_their_key(address: Address) -> None:
    for other in (copy.copy(address), copy.deepcopy(address), pickle.loads(pickle.dumps(address))):  # noqa: S301
        assert other == address
        assert (hash(other), key(other)) == (hash(address), key(address))


@given(selectors, addresses)
def test_matching_agrees_with_a_naive_reference(selector: Pattern, address: Address) -> None:
    assert matches(selector, address) == naively_matches(selector.parts, parts(address))


@given(selectors)
def test_pattern_survives_its_text(selector: Pattern) -> None:
    assert pattern(str(selector)) == selector
    assert pattern(display(selector)) == selector


@given(st.lists(addresses, max_size=6))
def test_addresses_sort_by_their_parts(found: list[Address]) -> None:
    assert [parts(address) for address in sorted(found)] == sorted(parts(address) for address in found)


def test_attribute_access_builds_longer_addresses() -> None:
    assert repr(S.Order.created) == "S.Order.created"
    assert str(S.Order.created) == "Order.created"
    assert display(S.Order.created) == "$.Order.created"
    assert (subject(S.Order.created), last(S.Order.created)) == ("Order", "created")
    assert f"{S.Order.created:>14}" == " Order.created"


@pytest.mark.parametrize("name", sorted(name for name in dir(str) if not name.startswith("_")))
def test_any_method_name_of_text_is_a_part(name: str) -> None:
    assert parts(getattr(S.Order, name)) == ("Order", name)


def test_address_shows_no_public_member() -> None:
    assert [name for name in dir(Address) if not name.startswith("_")] == []


def test_address_is_no_text_and_equals_none() -> None:
    assert not isinstance(S.Order.created, str)
    assert S.Order.created != "Order.created"


def test_probed_underscore_names_are_missing_attributes() -> None:
    assert not hasattr(S.Order, "_repr_html_")
    assert not hasattr(S.Order, "__wrapped__")


def test_address_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="cannot be changed"):
        S.Order.created = 1
    with pytest.raises(AttributeError, match="cannot be changed"):
        del S.Order.created


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyAddress),
        ("$", EmptyAddress),
        ("$.", EmptyAddress),
        ("Order..created", EmptyAddress),
        ("$.Order.", EmptyAddress),
        (S, EmptyAddress),
        ("Order.1st", BadAddressPart),
        ("Order._id", BadAddressPart),
        ("Order.class", BadAddressPart),
        ("Order.status changed", BadAddressPart),
        ("Order.geprüft", BadAddressPart),
        ("Order.creat*", BadAddressPart),
        ("Order.*", UnexpectedWildcard),
        ("Order.>", UnexpectedWildcard),
        (42, NotAnAddress),
    ],
)
def test_what_is_no_address_is_refused(text: str | Address, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse(text)


def test_attribute_of_bad_characters_is_refused_with_its_address() -> None:
    with pytest.raises(BadAddressPart, match=r"S\.Order\.geprüft"):
        _ = S.Order.geprüft


def test_rest_wildcard_must_be_last() -> None:
    with pytest.raises(MisplacedWildcard, match=r"\$\.>\.created"):
        pattern("$.>.created")


def test_only_wildcards_make_a_pattern() -> None:
    assert is_pattern("$.Order.*")
    assert is_pattern(pattern("Order.>"))
    assert not is_pattern(S.Order.created)


def test_rest_wildcard_needs_one_part_at_least() -> None:
    assert not matches(pattern("Order.>"), S.Order)
    assert matches(pattern("Order.>"), S.Order.status.changed)


def test_contract_field_takes_text_and_writes_text() -> None:
    envelope = Envelope.model_validate({"to": "$.Order.created"})
    assert envelope.to == S.Order.created
    assert envelope.model_dump_json() == '{"to":"Order.created"}'
    assert Envelope.model_json_schema()["properties"]["to"]["type"] == "string"


def test_contract_field_names_itself_when_the_address_is_bad() -> None:
    with pytest.raises(ValidationError, match=r"(?s)to\n.*STU102"):
        Envelope.model_validate({"to": "Order.1st"})


def test_key_and_hash_are_alike_in_another_process() -> None:
    program = "from studio.address import S, key; print(key(S.Order.created), hash(S.Order.created))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(key(S.Order.created)), str(hash(S.Order.created))]
