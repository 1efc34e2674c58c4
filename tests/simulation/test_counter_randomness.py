"""Draws: the same everywhere, independent of each other, and of the right shape."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.model.elementary import exponential, logarithm
from studio.simulation.randomness import Draws, Stream, mix, stable_key

PINNED_MIX = [0, 10451216379200822465, 74078413316773926]
PINNED_KEY = 16190886179359696296
PINNED_NORMAL = -1.6112884707325588

words = st.integers(0, 2**64 - 1)


def test_mix_is_the_same_in_every_version() -> None:
    assert [mix(), mix(0), mix(1, 2, 3)] == PINNED_MIX
    assert stable_key("Inventory") == PINNED_KEY
    assert Stream(7, 1).normal() == PINNED_NORMAL


@given(st.lists(words, max_size=5))
def test_mix_gives_64_bits(values: list[int]) -> None:
    assert 0 <= mix(*values) < 2**64


@given(words, st.integers(0, 63))
def test_mix_spreads_every_bit(value: int, bit: int) -> None:
    assert 8 <= (mix(value) ^ mix(value ^ 1 << bit)).bit_count() <= 56


@given(words, words)
def test_mix_depends_on_the_order(a: int, b: int) -> None:
    assert (mix(a, b) == mix(b, a)) == (a == b)


@given(words, st.integers(1, 2**200))
def test_integer_is_in_range(seed: int, n: int) -> None:
    assert 0 <= Stream(seed).integer(n) < n


@given(words, st.integers(0, 300))
def test_bits_are_as_many_as_asked(seed: int, count: int) -> None:
    assert 0 <= Stream(seed).bits(count) < 1 << count


@given(words, st.lists(st.sampled_from(["uniform", "normal", "bits64"]), max_size=5))
def test_every_kind_counts_as_one_draw(seed: int, kinds: list[str]) -> None:
    stream, other = Stream(seed), Stream(seed)
    for kind in kinds:
        getattr(stream, kind)()
        other.integer(10)
    assert stream.uniform() == other.uniform()


@given(words, st.lists(st.sampled_from("abc"), max_size=20))
def test_draws_elsewhere_shift_nothing(seed: int, elsewhere: list[str]) -> None:
    alone, mixed = Draws(seed, 1, 2), Draws(seed, 1, 2)
    expected = [alone.stream("handler", "random").uniform() for _ in range(3)]
    seen = []
    for _ in range(3):
        for name in elsewhere:
            mixed.stream(name, "random").uniform()
        seen.append(mixed.stream("handler", "random").uniform())
    assert seen == expected


@given(st.tuples(words, words, words), st.tuples(words, words, words))
def test_streams_differ_by_seed_entity_and_cause(one: tuple[int, int, int], two: tuple[int, int, int]) -> None:
    same = Draws(*one).stream("f", "g").bits64() == Draws(*two).stream("f", "g").bits64()
    assert same == (one == two)


def test_distributions_have_their_means() -> None:
    stream = Stream(3)
    assert statistics.fmean(stream.uniform() for _ in range(20_000)) == pytest.approx(0.5, abs=0.01)
    assert statistics.fmean(stream.exponential(4.0) for _ in range(20_000)) == pytest.approx(4.0, rel=0.03)
    assert statistics.fmean(stream.pareto(3.0, 2.0) for _ in range(20_000)) == pytest.approx(3.0, rel=0.03)
    normals = [stream.normal(1.0, 2.0) for _ in range(20_000)]
    assert (statistics.fmean(normals), statistics.stdev(normals)) == pytest.approx((1.0, 2.0), abs=0.05)
    counts = [sum(stream.choice("ab") == letter for _ in range(10_000)) for letter in "ab"]
    assert counts == pytest.approx([5_000, 5_000], rel=0.05)


@given(st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False))
def test_logarithm_agrees_with_the_c_library(x: float) -> None:
    assert logarithm(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)


@given(st.floats(min_value=-700, max_value=700))
def test_exponential_agrees_with_the_c_library(x: float) -> None:
    assert exponential(x) == pytest.approx(math.exp(x), rel=1e-13)


@given(st.floats(min_value=710, allow_nan=False))
def test_exponential_has_its_limits(x: float) -> None:
    assert (exponential(x), exponential(-x - 100)) == (math.inf, 0.0)


@pytest.mark.parametrize("draw", [lambda stream: stream.integer(0), lambda stream: stream.bits(-1)])
def test_impossible_ranges_are_refused(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match="="):
        draw(Stream(1))
