"""Test `secrets` in studio modules."""

from __future__ import annotations

import base64
import secrets as machine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.source.shims.dice import SystemRandom
from studio.source.shims.secrecy import MODULE

secrets: Any = MODULE
SEEDS = st.integers(min_value=0, max_value=2**64)


@given(SEEDS, st.integers(min_value=0, max_value=200))
def test_tokens_have_the_size_that_was_asked_for(in_world: Any, seed: int, size: int) -> None:
    with in_world(seed):
        assert len(secrets.token_bytes(size)) == size
        assert len(bytes.fromhex(secrets.token_hex(size))) == size
        text = secrets.token_urlsafe(size)
        assert len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == size


@given(SEEDS, st.integers(min_value=1, max_value=10**30), st.integers(min_value=0, max_value=300))
def test_numbers_stay_in_their_range(in_world: Any, seed: int, top: int, width: int) -> None:
    with in_world(seed):
        assert 0 <= secrets.randbelow(top) < top
        assert 0 <= secrets.randbits(width) < 1 << width
        assert secrets.choice("abc") in "abc"


def test_the_same_world_makes_the_same_tokens(in_world: Any) -> None:
    def tokens(seed: int) -> list[Any]:
        with in_world(seed):
            return [secrets.token_hex(), secrets.token_hex(), secrets.randbelow(10**9)]

    assert tokens(1) == tokens(1) != tokens(2)
    assert tokens(1)[0] != tokens(1)[1]


@pytest.mark.parametrize("name", ["token_bytes", "token_hex", "token_urlsafe"])
def test_a_token_is_one_draw_of_its_caller(world: Any, name: str) -> None:
    getattr(secrets, name)()
    size_bits = machine.DEFAULT_ENTROPY * 8
    assert world.asked == [(f"secrets.{name}", size_bits, "test_a_token_is_one_draw_of_its_caller")]


@pytest.mark.parametrize("wrong", [lambda: secrets.randbelow(0), lambda: secrets.token_bytes(-1)])
@pytest.mark.usefixtures("world")
def test_what_the_machine_refuses_a_world_refuses(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"positive|negative"):
        wrong()


def test_the_machine_answers_outside_a_world() -> None:
    assert secrets.token_hex() != secrets.token_hex()
    assert len(secrets.token_urlsafe(6)) == 8
    assert 0 <= secrets.randbelow(3) < 3
    assert secrets.randbits(2) in range(4)
    assert secrets.choice([1]) == 1


def test_the_system_generator_is_the_shimmed_one() -> None:
    assert secrets.SystemRandom is SystemRandom
    assert secrets.compare_digest("a", "a")
