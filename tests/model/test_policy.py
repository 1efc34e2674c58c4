"""Retries: how long each waits, and what is worth another attempt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.contract import ServiceError
from studio.errors import InvalidDeclaration
from studio.model.duration import duration_ns
from studio.model.policy import NO_RETRY, Retry


class CardDeclined(ServiceError):
    status = 402


class Busy(ServiceError):
    status = 503


attempts = st.integers(2, 10_000)
draws = st.floats(0, 1, exclude_max=True)


@given(attempt=attempts, draw=draws, jitter=st.floats(0, 1))
def test_no_wait_is_longer_than_most(attempt: int, draw: float, jitter: float) -> None:
    retry = Retry(first="100ms", most="3s", jitter=jitter)
    assert 0 <= retry.wait_ns(attempt, draw) <= duration_ns("3s")


@given(attempt=st.integers(2, 60))
def test_exponential_backoff_doubles(attempt: int) -> None:
    retry = Retry(first="1ns", most="10000d")
    assert retry.wait_ns(attempt, 0.0) == min(2 ** (attempt - 2), duration_ns("10000d"))


@given(attempt=attempts, draw=draws)
def test_without_jitter_the_draw_does_not_matter(attempt: int, draw: float) -> None:
    retry = Retry(backoff="fixed", first="200ms", jitter=0)
    assert retry.wait_ns(attempt, draw) == 200_000_000


def test_backoff_none_does_not_wait() -> None:
    assert Retry(backoff="none").wait_ns(5, 0.5) == 0


@pytest.mark.parametrize(
    ("retry", "error", "business", "expected"),
    [
        (Retry(), TimeoutError(), False, True),
        (Retry(), CardDeclined(), True, False),
        (Retry(also=(Busy,)), Busy(), True, True),
        (Retry(also=(Busy,)), CardDeclined(), True, False),
        (Retry(never=(TimeoutError,)), TimeoutError(), False, False),
        (Retry(also=(Busy,), never=(Busy,)), Busy(), True, False),
    ],
)
def test_business_errors_are_not_tried_again_unless_named(
    retry: Retry, error: Exception, business: Any, expected: Any
) -> None:
    assert retry.retries(error, business=business) is expected


def test_lists_of_errors_are_taken_as_tuples_so_that_policies_compare() -> None:
    given_list: Any = [CardDeclined]
    assert Retry(never=given_list) == Retry(never=(CardDeclined,))


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"backoff": "linear"}, {"jitter": 2}])
def test_an_impossible_policy_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidDeclaration, match=r"STU302: Retry\(") as refused:
        Retry(**wrong)
    assert refused.value.attributes["remedy_text"] in str(refused.value)


def test_no_retry_is_one_attempt() -> None:
    assert NO_RETRY.attempts == 1
