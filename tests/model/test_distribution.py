"""Distributions: values that compare, serialise, and draw the same everywhere."""

from __future__ import annotations

import json
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import InvalidDeclaration
from studio.model.distribution import (
    Constant,
    Distribution,
    Exponential,
    LogNormal,
    Pareto,
    Uniform,
    Zipf,
    distribution,
    distribution_from,
    distribution_to,
)

SOME = [Constant("40ms"), Uniform("1ms", "3ms"), Exponential("40ms"), LogNormal("40ms", 0.7), Pareto("1ms", 1.2)]
shares = st.floats(0, 1, exclude_max=True)
durations = st.integers(0, 10**15)


@given(durations)
def test_a_plain_duration_is_constant_to_the_nanosecond(value_ns: int) -> None:
    assert distribution(f"{value_ns}ns").quantile_ns(0.5) == value_ns


@pytest.mark.parametrize("value", SOME)
@given(low=shares, high=shares)
def test_a_greater_share_never_gives_a_shorter_duration(value: Distribution, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert 0 <= value.quantile_ns(low) <= value.quantile_ns(high)


@pytest.mark.parametrize("value", SOME)
def test_a_distribution_survives_json(value: Distribution) -> None:
    assert distribution_from(json.loads(json.dumps(distribution_to(value)))) == value


def test_equal_durations_make_equal_distributions() -> None:
    assert Constant("1s") == Constant("1000ms") == distribution(1)
    assert hash(Exponential("60s")) == hash(Exponential("1m"))


def test_a_mean_is_the_mean() -> None:
    drawn = [Exponential("40ms").quantile_ns((at + 0.5) / 10_000) for at in range(10_000)]
    assert sum(drawn) / 10_000 == pytest.approx(40_000_000, rel=0.001)


@given(st.floats(0.001, 0.999))
def test_log_normal_agrees_with_the_normal_quantile(share: float) -> None:
    import math

    expected = 40_000_000 * math.exp(0.5 * NormalDist().inv_cdf(share))
    assert LogNormal("40ms").quantile_ns(share) == pytest.approx(expected, rel=1e-6)


def test_a_heavy_tail_ends_at_an_hour() -> None:
    assert Pareto("1ms", 0.1).quantile_ns(1 - 2**-53) == 3600 * 10**9


def test_only_a_constant_needs_no_draw() -> None:
    assert [value.is_constant for value in SOME] == [True, False, False, False, False]


def test_zipf_prefers_the_first() -> None:
    picks = [Zipf(1.1, values=10).pick((at + 0.5) / 1000) for at in range(1000)]
    counts = [picks.count(index) for index in range(10)]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0


def test_zipf_of_exponent_zero_is_even() -> None:
    assert [Zipf(0, values=4).pick(share) for share in (0.1, 0.3, 0.6, 0.9)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "make",
    [lambda: Uniform("3ms", "1ms"), lambda: Pareto("1ms", 0), lambda: LogNormal("1ms", -1), lambda: Zipf(values=0),
     lambda: distribution_from({"distribution": "Gauss"}),
     lambda: distribution_from({"distribution": "Constant", "x": 1})],
)  # fmt: skip
def test_an_impossible_distribution_is_refused_when_declared(make: Any) -> None:
    with pytest.raises(InvalidDeclaration, match="STU302"):
        make()
