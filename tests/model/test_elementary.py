"""Logarithm and exponential: right to a few units in the last place, and each other's inverse."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.model.elementary import exponential, logarithm


@given(st.floats(1e-300, 1e300))
def test_logarithm_agrees_with_the_c_library(x: float) -> None:
    assert logarithm(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-14)


@given(st.floats(-700, 700))
def test_exponential_agrees_with_the_c_library(x: float) -> None:
    assert exponential(x) == pytest.approx(math.exp(x), rel=1e-14)


@pytest.mark.parametrize(
    ("x", "expected"), [(1000.0, math.inf), (-1000.0, 0.0), (math.inf, math.inf), (-math.inf, 0.0)]
)
def test_exponential_ends_where_floats_do(x: float, expected: float) -> None:
    assert exponential(x) == expected
