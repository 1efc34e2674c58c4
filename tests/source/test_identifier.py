"""Test `uuid` in studio modules."""

from __future__ import annotations

import uuid as machine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.source.shims import identifier

uuid: Any = identifier.MODULE
SEEDS = st.integers(min_value=0, max_value=2**64)
MADE = {1: identifier.uuid1, 4: identifier.uuid4, 6: identifier.uuid6, 7: identifier.uuid7, 8: identifier.uuid8}


@pytest.mark.parametrize("version", sorted(MADE))
@given(seed=SEEDS)
def test_identifiers_carry_version_and_variant(in_world: Any, version: int, seed: int) -> None:
    with in_world(seed):
        made = MADE[version]()
    assert type(made) is machine.UUID
    assert made.version == version
    assert made.variant == machine.RFC_4122


@pytest.mark.parametrize("version", sorted(MADE))
def test_identifiers_of_one_instant_differ(in_world: Any, version: int) -> None:
    def batch() -> list[machine.UUID]:
        with in_world(5):
            return [MADE[version]() for _ in range(300)]

    assert len(set(batch())) == 300
    assert batch() == batch()


def test_version_1_says_the_worlds_time(world: Any) -> None:
    made = uuid.uuid1()
    assert made.time == world.wall_ns // 100 + 0x01B21DD213814000
    assert made.node >> 40 & 1, "a drawn node is marked as multicast"


@given(node=st.integers(0, 2**48 - 1), sequence=st.integers(0, 2**14 - 1))
def test_given_node_and_sequence_are_kept(in_world: Any, node: int, sequence: int) -> None:
    with in_world():
        for made in (identifier.uuid1(node, sequence), identifier.uuid6(node, sequence)):
            assert (made.node, made.clock_seq) == (node, sequence)


@pytest.mark.parametrize("version", [6, 7])
@given(first_ns=st.integers(0, 2**62), later_ms=st.integers(1, 2**20))
def test_sortable_identifiers_sort_by_time(in_world: Any, version: int, first_ns: int, later_ms: int) -> None:
    with in_world() as world:
        world.wall_ns = first_ns
        earlier = MADE[version]()
        world.wall_ns += later_ms * 1_000_000
        assert earlier < MADE[version]()


@given(a=st.integers(0, 2**48 - 1), b=st.integers(0, 2**12 - 1), c=st.integers(0, 2**62 - 1))
def test_version_8_holds_what_is_given(in_world: Any, a: int, b: int, c: int) -> None:
    with in_world():
        number = identifier.uuid8(a, b, c).int
    assert (number >> 80, number >> 64 & 0xFFF, number & 2**62 - 1) == (a, b, c)


def test_draws_are_named(world: Any) -> None:
    uuid.uuid4()
    assert world.asked == [("uuid.uuid4", 128, "test_draws_are_named")]


@pytest.mark.usefixtures("world")
def test_the_node_is_constant_in_a_world() -> None:
    assert uuid.getnode() == 1 << 40


def test_the_machine_answers_outside_a_world() -> None:
    assert uuid.uuid4() != uuid.uuid4()
    assert uuid.uuid1().version == 1
    assert uuid.getnode() == machine.getnode()


def test_newer_versions_are_there_where_the_machine_has_them() -> None:
    for name in ("uuid6", "uuid7", "uuid8"):
        assert hasattr(uuid, name) is hasattr(machine, name)
        if hasattr(machine, name):
            assert getattr(uuid, name)().version == int(name[-1])


def test_names_make_the_same_identifiers_as_ever() -> None:
    assert uuid.uuid5(uuid.NAMESPACE_DNS, "example.org") == machine.uuid5(machine.NAMESPACE_DNS, "example.org")
