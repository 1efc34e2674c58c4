"""Durations: read exactly, written exactly, shown briefly."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import InvalidDuration
from studio.model.duration import duration_ns, exact_ns, format_ns, optional_ns, shortest_ns

YEARS_300_NS = 300 * 365 * 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40ms", 40_000_000),
        ("5s", 5_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1m 30s", 90_000_000_000),
        ("24h", 86_400_000_000_000),
        ("1.5us", 1_500),
        ("2d", 172_800_000_000_000),
        (0.25, 250_000_000),
        (3, 3_000_000_000),
    ],
)
def test_a_number_and_a_unit_are_read(text: Any, expected: int) -> None:
    assert duration_ns(text) == expected


@given(st.integers(0, YEARS_300_NS))
def test_what_is_written_exactly_reads_back_to_the_nanosecond(value_ns: int) -> None:
    assert duration_ns(exact_ns(value_ns)) == value_ns
    assert duration_ns(shortest_ns(value_ns)) == value_ns
    assert len(shortest_ns(value_ns)) <= len(exact_ns(value_ns))


@pytest.mark.parametrize("text", ["65.881s", "1.5s", "40ms", "100ms", "90s", "24h", "65.880652429s", "0s", "1.5us"])
def test_shortest_text_of_a_duration_is_the_one_that_people_write(text: str) -> None:
    assert shortest_ns(duration_ns(text)) == text


@given(st.integers(0, YEARS_300_NS))
def test_a_count_of_nanoseconds_is_exact(value_ns: int) -> None:
    assert duration_ns(f"{value_ns}ns") == value_ns


@given(st.integers(0, YEARS_300_NS))
def test_what_is_shown_reads_back_to_four_digits(value_ns: int) -> None:
    assert math.isclose(duration_ns(format_ns(value_ns)), value_ns, rel_tol=6e-4, abs_tol=1)


@pytest.mark.parametrize(
    "text", ["", "5", "5 minutes", "-5s", "5s!", "s", "1.5.2s", -1, True, None, math.nan, math.inf]
)
def test_anything_else_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(InvalidDuration, match=r'STU301(.|\n)*"40ms", "5s", "1m30s"'):
        duration_ns(text)


@pytest.mark.parametrize(
    ("value_ns", "shown"),
    [(0, "0 s"), (40_000_000, "40 ms"), (1_500_000_000, "1.5 s"), (125_000_000_000, "2m 5s"), (1_500, "1.5 µs"),
     (119_999_900_000, "2m 0s"), (3_725_000_000_000, "1h 2m 5s"), (-40_000_000, "-40 ms")],
)  # fmt: skip
def test_a_duration_is_shown_in_its_usual_form(value_ns: int, shown: str) -> None:
    assert format_ns(value_ns) == shown


def test_none_stays_none() -> None:
    assert optional_ns("5s") == 5_000_000_000
    assert optional_ns(None) is None
