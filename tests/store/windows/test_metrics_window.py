"""Curves of a run: whatever the buckets, nothing is lost or counted twice, and each value is what plain Polars says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.records import Delivery, FaultStrike, Life, Measurement, Message, PolicyChange, Record, Span
from studio.store import Log, RunInfo
from studio.store.windows import LogView, RunView
from studio.store.windows.buckets import BUCKETS_MAX, Buckets, curves
from studio.store.windows.measured_window import author_metrics, measured
from studio.store.windows.metrics_window import (
    OTHERS,
    Scope,
    breaker_states,
    down_times,
    fault_strikes,
    latency,
    policy_changes,
    queue_depth,
    replicas_up,
    troubles,
    work_done,
)

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))
MS = 1_000_000
TIMES = st.integers(min_value=0, max_value=400 * MS)


def span(  # noqa: PLR0917 - as a table of values
    start: int, lasts: int, service: str = "A", status: str = "ok", kind: str = "handle", message: int = 0
) -> Span:
    return Span(start, start + lasts, 1, 0, 1, kind, "A.do", service, 1, status, "", message, "", "", 0, "")


@cache
def shared() -> tuple[Log, LogView]:
    """Return a log for all tests: an engine for each example would cost more than the questions."""
    log = Log.memory()
    return log, LogView.of(log)


def view_of(records: Iterable[Record]) -> RunView:
    log, view = shared()
    buffer = log.record(INFO)
    for record in records:
        buffer.write(record)
    buffer.finish("finished", end_ns=1_000 * MS)
    return view.run(buffer.run)


SPANS = st.lists(
    st.builds(span, TIMES, TIMES, st.sampled_from("ABCDEFGHIJ"), st.sampled_from(["ok", "error", "crashed"])),
    max_size=40,
)
WINDOWS = st.tuples(TIMES, TIMES).map(sorted)


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(2, 300))
def test_buckets_are_few_round_and_cover_the_window(start: int, length: int, most: int) -> None:
    found = Buckets.of(start, start + length, most=most)
    assert 1 <= len(found.starts) <= most
    assert found.starts[0] <= start < found.starts[0] + found.width_ns
    assert found.starts[-1] < found.until_ns <= found.starts[-1] + found.width_ns
    assert str(found.width_ns).rstrip("0") in ("1", "2", "5")


def test_buckets_stand_still_while_a_run_grows() -> None:
    early, late = Buckets.of(0, 10_000 * MS), Buckets.of(0, 10_001 * MS)
    assert late.starts[: len(early.starts)] == early.starts
    assert len(Buckets.of(0, 10**18).starts) <= BUCKETS_MAX


def test_a_last_bucket_of_which_little_is_over_has_no_rate() -> None:
    buckets = Buckets(0, 2_010 * MS, 1_000 * MS)
    assert buckets.per_second([4.0, None, 1.0]) == [4.0, 0.0, None]
    assert Buckets(0, 2_500 * MS, 1_000 * MS).per_second([4.0, None, 1.0]) == [4.0, 0.0, 2.0]


@settings(deadline=None, max_examples=20)  # each example records a run
@given(SPANS, WINDOWS, st.sampled_from(["", "service", "name"]))
def test_the_buckets_of_throughput_sum_up_to_all_work_of_the_window(
    spans: list[Span], window: tuple[int, int], split: str
) -> None:
    buckets = Buckets.of(*window, most=10)
    found = work_done(view_of(spans), buckets, split=split)  # type: ignore[arg-type]  # one of the three
    assert sum(found["value"]) == sum(buckets.from_ns <= each.end_ns < buckets.until_ns for each in spans)
    assert set(found["at_ns"]) <= set(buckets.starts)


@settings(deadline=None, max_examples=20)  # each example records a run
@given(SPANS)
def test_rare_services_are_added_up_under_one_name(spans: list[Span]) -> None:
    found = work_done(view_of(spans), Buckets.of(0, 1_000 * MS), split="service")
    assert found["series"].n_unique() == min(len({each.service for each in spans}), 7)
    assert (OTHERS in set(found["series"])) == (len({each.service for each in spans}) > 6)


@settings(deadline=None, max_examples=20)  # each example records a run
@given(st.lists(TIMES, min_size=1, max_size=30))
def test_latency_is_what_polars_says(times: list[int]) -> None:
    found = latency(view_of(span(0, each) for each in times), Buckets.of(0, 500 * MS, most=2), "handling")
    width = Buckets.of(0, 500 * MS, most=2).width_ns
    frame = pl.DataFrame({"took": times}, schema={"took": pl.Int64}).with_columns(at_ns=pl.col("took") // width * width)
    greatest = frame.group_by("at_ns").agg(pl.col("took").max() / 1e9).sort("at_ns")
    p99 = found.filter(found["series"] == "p99").sort("at_ns")
    assert p99["value"].to_list() == pytest.approx(greatest["took"].to_list())
    assert p99["at_ns"].to_list() == greatest["at_ns"].to_list()


def test_troubles_are_told_apart_by_what_they_are_and_where() -> None:
    spans = [
        span(0, 1, status="error"),
        span(0, 1, status="crashed"),
        span(0, 1, kind="call", status="timeout"),
        span(0, 1),
    ]
    found = troubles(view_of(spans), Buckets.of(0, MS))
    assert sorted(found["series"]) == ["calls: timeout", "handling: crashed", "handling: error"]


def test_a_scope_takes_work_on_messages_of_an_address_and_sender() -> None:
    sent = [message(1, "Order.created", "Shop"), message(2, "Order.created", "Web"), message(3, "Stock.low", "Shop")]
    view = view_of([*sent, *(span(0, 1, message=number) for number in (1, 2, 3))])
    buckets = Buckets.of(0, MS)
    assert sum(work_done(view, buckets, Scope(address="Order"))["value"]) == 2
    assert sum(work_done(view, buckets, Scope(address="Order.*", source="Shop"))["value"]) == 1
    assert not len(work_done(view, buckets, Scope(service="B")))


def message(number: int, address: str = "E.e", sender: str = "world", at: int = 0) -> Message:
    return Message(at, number, "event", address, sender, 0, "", 1, 0, 0, number, "", "{}")


def delivery(at: int, number: int, outcome: str, consumer: str = "C", reason: str = "") -> Delivery:
    return Delivery(at, number, consumer, 1, 1, outcome, reason)


def test_queue_depth_counts_what_each_consumer_has_not_done_with() -> None:
    records: list[Record] = [
        message(1), message(2, at=10 * MS), message(3, at=20 * MS),
        delivery(5 * MS, 1, "delivered"), delivery(25 * MS, 1, "acknowledged"), delivery(35 * MS, 2, "dead-lettered"),
        delivery(6 * MS, 1, "delivered", "Reader", "stream"), delivery(7 * MS, 1, "duplicate", "broker", "dropped"),
        message(4, at=21 * MS), delivery(21 * MS, 4, "lost", "broker", "publish"),
    ]  # fmt: skip
    view, buckets = view_of(records), Buckets(0, 50 * MS, 10 * MS)
    assert curves(queue_depth(view, buckets), buckets, carried=True) == {"C": [1, 2, 2, 1, 1]}
    late = Buckets(30 * MS, 50 * MS, 10 * MS)  # what was before is carried into the window
    assert curves(queue_depth(view, late), late, carried=True) == {"C": [1, 1]}


def test_replicas_are_up_from_their_start_to_their_crash_and_zombies_are_not() -> None:
    changes = [(0, "started", ""), (10, "crashed", "planned"), (20, "started", ""), (30, "paused", ""),
               (40, "replaced", ""), (40, "started", ""), (45, "resumed", "as a zombie")]  # fmt: skip
    view = view_of(Life(at * MS, "S", 1, 1, change, reason) for at, change, reason in changes)
    buckets = Buckets(0, 50 * MS, 10 * MS)
    assert curves(replicas_up(view, buckets), buckets, carried=True) == {"S": [1, 0, 1, 0, 1]}
    assert [row[:3] for row in down_times(view, buckets).iter_rows()][:2] == [
        ("S/1", "crashed", 10 * MS), ("S/1", "paused", 30 * MS),
    ]  # fmt: skip


def policy(at: int, change: str, kind: str = "breaker") -> PolicyChange:
    return PolicyChange(at * MS, "A", 1, kind, "B", change, "", 0, 0, 0)


def test_a_breaker_is_open_until_it_closes_or_its_caller_crashes() -> None:
    turns = [policy(10, "opened"), policy(20, "half-open"), policy(30, "closed"), policy(40, "opened")]
    view = view_of([*turns, policy(41, "refused"), Life(45 * MS, "A", 1, 1, "crashed", "")])
    buckets = Buckets(0, 50 * MS, 10 * MS)
    assert [row[1:] for row in breaker_states(view, buckets).iter_rows()] == [
        ("opened", 10 * MS, 20 * MS), ("half-open", 20 * MS, 30 * MS), ("opened", 40 * MS, 45 * MS),
    ]  # fmt: skip
    assert policy_changes(view, buckets)["series"].to_list() == ["breaker refused"]


def test_strikes_are_told_by_fault_within_the_window() -> None:
    view = view_of(FaultStrike(at * MS, 1, "lose", "A.do", 0, "") for at in (5, 15, 25))
    assert fault_strikes(view, Buckets(10 * MS, 20 * MS, MS)).rows() == [(1, "lose", "A.do", 1, 15 * MS, 15 * MS)]


def measurement(at: int, kind: str, value: float, labels: str = "", replica: int = 1) -> Measurement:
    return Measurement(at * MS, "S", replica, "m", kind, labels, value)


@settings(deadline=None, max_examples=20)  # each example records a run
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.sampled_from(["a", "b"])), min_size=1, max_size=30))
def test_a_counter_adds_up_to_all_that_was_counted_however_it_is_split(counted: list[tuple[int, int, str]]) -> None:
    records = [measurement(at, "counter", value, f'{{"k": "{label}"}}') for at, value, label in sorted(counted)]
    view, buckets = view_of(records), Buckets.of(0, 100 * MS, most=7)
    [metric] = author_metrics(view)
    total = sum(value for _, value, _ in counted)
    for by in ((), ("k",)):
        assert sum(measured(view, metric, buckets, metric.series({}, by))["value"]) == total
    only = measured(view, metric, buckets, metric.series({"k": ["a"]}, ()))
    assert sum(only["value"]) == sum(value for _, value, label in counted if label == "a")


def test_a_gauge_is_what_was_set_last_and_added_since_over_all_replicas() -> None:
    records = [measurement(0, "gauge-inc", 2), measurement(11, "gauge", 10), measurement(12, "gauge-inc", 5),
               measurement(21, "gauge", 1, replica=2), measurement(31, "gauge-inc", -3)]  # fmt: skip
    view, buckets = view_of(records), Buckets(0, 40 * MS, 10 * MS)
    [metric] = author_metrics(view)
    assert metric.kind == "gauge"
    assert curves(measured(view, metric, buckets, metric.series({}, ())), buckets, carried=True) == {
        "m": [2, 15, 16, 13]
    }
    late = Buckets(30 * MS, 40 * MS, 10 * MS)
    assert curves(measured(view, metric, late, metric.series({}, ())), late, carried=True) == {"m": [13]}


def test_observations_become_quantiles_of_each_series() -> None:
    records = [measurement(1, "histogram", value, '{"k": "a"}') for value in range(1, 101)]
    view, buckets = view_of([*records, measurement(1, "histogram", 7, '{"k": "b"}')]), Buckets.of(0, 2 * MS)
    [metric] = author_metrics(view)
    found = dict(measured(view, metric, buckets, metric.series({}, ("k",))).select("series", "value").iter_rows())
    assert found == {"k=a p50": 50, "k=a p90": 90, "k=a p99": 99, "k=b p50": 7, "k=b p90": 7, "k=b p99": 7}
