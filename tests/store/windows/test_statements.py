"""The SQL of windows: buckets that people can read, columns as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.store.windows import Sql, bucket, bucket_ns, complete, shown

MOMENTS = st.integers(min_value=0, max_value=2**60)


@pytest.mark.parametrize(
    ("window_ns", "width_ns"),
    [(0, 1), (100, 1), (1_000, 10), (1_000_000_000, 10_000_000), (600_000_000_000, 5_000_000_000),
     (1_800_000_000_000, 15_000_000_000), (86_400_000_000_000, 900_000_000_000)],
)  # fmt: skip
def test_buckets_are_as_wide_as_people_count(window_ns: int, width_ns: int) -> None:
    assert bucket_ns(0, window_ns) == width_ns


@given(MOMENTS, MOMENTS, st.integers(min_value=1, max_value=1000))
def test_no_more_buckets_than_asked_for(one: int, other: int, buckets_max: int) -> None:
    from_ns, until_ns = sorted((one, other))
    assert (until_ns - from_ns) / bucket_ns(from_ns, until_ns, buckets_max=buckets_max) <= buckets_max


def test_columns_are_shown_as_the_views_of_the_log_show_them() -> None:
    assert shown("seq", "at_ns") == '"seq", "at_ns", "at_ns" / 1e9 as "at_s"'
    assert "as duration_s" in shown("start_ns", "end_ns")


def test_parts_go_in_as_they_are_and_values_as_literals() -> None:
    text = complete("select {at}, {x} from t where a in {many}", at=bucket("at_ns", 5), x="it's", many=[1, 2])
    assert text == "select (at_ns // 5 * 5), 'it''s' from t where a in (1, 2)"
    assert isinstance(text, Sql)
