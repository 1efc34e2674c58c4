"""Traffic and state in a stretch of time: the same numbers as plain computations over the whole run's frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import polars as pl
import pytest

from studio.records import Delivery, Life, Message, PolicyChange, Record, Span
from studio.store import Log
from studio.store.windows.log_view import LogView
from studio.store.windows.run_view import RunView
from studio.store.windows.traffic_window import (
    BAD,
    CALLING,
    HANDED,
    HANDLING,
    Interval,
    breakers_at,
    code_places,
    deliveries_within,
    known_traffic,
    last_errors,
    publishing_within,
    queues_at,
    replicas_at,
    work_within,
)

MS = 1_000_000
Recorded = Callable[[Log, Iterable[Record]], int]
WINDOWS = [Interval(0, 3_000 * MS), Interval(700 * MS, 1_400 * MS)]


def span(at: int, number: int, kind: str, name: str, service: str, **more: object) -> Span:
    status, took = str(more.get("status", "ok")), int(str(more.get("took", 5)))
    error = "" if status == "ok" else "STU412"
    return Span((at - took) * MS, at * MS, number, 0, number, kind, name, service, 1, status, error, number, "",
                f"service {service}", 7, "")  # fmt: skip


def message(at: int, number: int, kind: str, address: str, sender: str) -> Message:
    return Message(at * MS, number, kind, address, sender, 1, "", number, 0, 0, 0, "", "{}")


def delivery(at: int, number: int, consumer: str, outcome: str, reason: str = "") -> Delivery:
    return Delivery(at * MS, number, consumer, 1, 1, outcome, reason)


def played(seed: int) -> list[Record]:
    """A run of calls and events, some of which go wrong, in no particular system."""
    random, found = Random(seed), list[Record]()  # noqa: S311 - chance for a test
    for number in range(1, 160):
        at = random.randrange(10, 2_000)
        address = random.choice(["Payment.pay", "Stock.take"])
        status = random.choice(["ok", "ok", "ok", "error", "timeout", "unfinished"])
        found += [
            message(at, number, "event", random.choice(["Order.made", "Order.paid"]), "Orders"),
            span(at + 9, number, random.choice(["call", "external"]), address, "Orders", status=status, took=at % 7),
            span(at + 5, 500 + number, "handle", address, address.partition(".")[0], status=status, took=at % 5),
            delivery(at + 1, number, "Mail", random.choice([*HANDED, *BAD, "late"])),
        ]
        if number % 3:
            found.append(delivery(at + random.randrange(2, 60), number, "Mail", "acknowledged"))
    return sorted(found, key=lambda record: record.end_ns if isinstance(record, Span) else record.at_ns)


@pytest.fixture(scope="module")
def log() -> Log:
    """In memory: that files answer alike is held by the tests of views."""
    return Log.memory()


@pytest.fixture(scope="module")
def run(log: Log, recorded: Recorded) -> RunView:
    return LogView.of(log).run(recorded(log, played(3)))


def within(frame: pl.DataFrame, interval: Interval, column: str = "at_ns") -> pl.DataFrame:
    return frame.filter((pl.col(column) >= interval.from_ns) & (pl.col(column) < interval.until_ns))


def rows(frame: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return sorted(frame.select(columns).rows())


@pytest.mark.parametrize("interval", WINDOWS)
def test_work_is_what_the_finished_spans_add_up_to(run: RunView, log: Log, interval: Interval) -> None:
    spans = within(log.run(run.run).spans, interval, "end_ns").filter(pl.col("status") != "unfinished")
    wrong = (pl.col("status") != "ok").sum().cast(pl.Int64).alias("errors")
    plain = spans.group_by("kind", "service", "name").agg(pl.len().cast(pl.Int64).alias("count"), wrong)
    found = work_within(run, interval)
    columns = ("kind", "service", "name", "count", "errors")
    assert rows(found.filter(pl.col("kind") != "all"), *columns) == rows(plain, *columns)
    handled = spans.filter(pl.col("kind").is_in(HANDLING)).group_by("service").agg(pl.len(), wrong)
    assert rows(found.filter(pl.col("kind") == "all"), "service", "count", "errors") == sorted(handled.rows())


@pytest.mark.parametrize("interval", WINDOWS)
def test_quantiles_are_durations_that_occurred_with_the_right_rank(run: RunView, log: Log, interval: Interval) -> None:
    spans = within(log.run(run.run).spans, interval, "end_ns").filter(pl.col("status") != "unfinished")
    for row in work_within(run, interval).filter(pl.col("kind").is_in(CALLING)).iter_rows(named=True):
        mine = spans.filter(kind=row["kind"], service=row["service"], name=row["name"])
        took = sorted((mine["end_ns"] - mine["start_ns"]).to_list())
        for share, column in ((0.5, "p50_ns"), (0.99, "p99_ns")):
            below = sum(each < row[column] for each in took) / len(took)
            assert row[column] in took
            assert below <= share <= sum(each <= row[column] for each in took) / len(took)


@pytest.mark.parametrize("interval", WINDOWS)
def test_publishing_counts_messages(run: RunView, log: Log, interval: Interval) -> None:
    plain = within(log.run(run.run).messages, interval).group_by("kind", "sender", "address").len()
    assert rows(publishing_within(run, interval), "kind", "sender", "address", "count") == sorted(plain.rows())


@pytest.mark.parametrize("interval", WINDOWS)
def test_deliveries_count_attempts_and_what_went_wrong(run: RunView, log: Log, interval: Interval) -> None:
    whole = log.run(run.run)
    joined = within(whole.deliveries, interval).join(whole.messages.select("message", "address"), on="message")
    outcome = pl.col("outcome")
    plain = joined.group_by("consumer", "address").agg(
        outcome.is_in([*HANDED, *BAD]).sum().cast(pl.Int64), outcome.is_in(BAD).sum().cast(pl.Int64).alias("bad")
    )
    assert rows(deliveries_within(run, interval), "consumer", "address", "count", "errors") == sorted(plain.rows())


def test_a_delivery_takes_from_the_publishing_until_the_acknowledgement(log: Log, recorded: Recorded) -> None:
    records: list[Record] = [message(10, 1, "event", "Order.made", "Orders"), delivery(12, 1, "Mail", "delivered"),
               delivery(50, 1, "Mail", "acknowledged")]  # fmt: skip
    view = LogView.of(log).run(recorded(log, records))
    assert deliveries_within(view, Interval(0, 60 * MS)).rows() == [("Mail", "Order.made", 1, 0, 40 * MS, 40 * MS)]


@pytest.mark.parametrize(("at_ms", "waiting"), [(11, 1), (12, 1), (31, 2), (51, 1), (61, 0)])
def test_an_event_waits_from_its_publishing_until_it_is_acknowledged_or_dead(
    log: Log, recorded: Recorded, at_ms: int, waiting: int
) -> None:
    records: list[Record] = [
        message(10, 1, "event", "Order.made", "Orders"),
        delivery(12, 1, "Mail", "delivered"),
        message(30, 2, "event", "Order.made", "Orders"),
        delivery(50, 1, "Mail", "acknowledged"),
        delivery(60, 2, "Mail", "dead-lettered"),
    ]
    view = LogView.of(log).run(recorded(log, records))
    assert queues_at(view, at_ms * MS).rows() == ([("Mail", waiting)] if waiting else [])


def test_calls_wait_in_no_queue_and_lost_publishing_reaches_nobody(log: Log, recorded: Recorded) -> None:
    records: list[Record] = [
        message(1, 1, "event", "Order.made", "Orders"),
        delivery(2, 1, "Mail", "acknowledged"),
        message(3, 2, "event", "Order.made", "Orders"),
        delivery(4, 2, "broker", "lost", "publish"),
        message(5, 3, "call", "Mail.write", "Orders"),
        delivery(6, 3, "Mail", "delivered"),
    ]
    view = LogView.of(log).run(recorded(log, records))
    assert queues_at(view, 100 * MS).is_empty()


def test_replicas_are_up_until_they_crash_and_again_when_they_start(log: Log, recorded: Recorded) -> None:
    records: list[Record] = [
        Life(0, "Mail", 1, 1, "started", ""),
        Life(0, "Mail", 2, 1, "started", ""),
        Life(10 * MS, "Mail", 2, 1, "crashed", "planned"),
        Life(20 * MS, "Mail", 2, 2, "started", "restarted"),
    ]
    view = LogView.of(log).run(recorded(log, records))
    assert replicas_at(view, 10 * MS)["is_up"].to_list() == [True, True]
    assert replicas_at(view, 15 * MS).rows()[1] == ("Mail", 2, False, "crashed", 10 * MS)
    assert replicas_at(view, 30 * MS)["is_up"].to_list() == [True, True]


def test_a_breaker_is_open_until_it_closes_or_its_caller_dies(log: Log, recorded: Recorded) -> None:
    def turn(at: int, replica: int, change: str) -> PolicyChange:
        return PolicyChange(at * MS, "Orders", replica, "breaker", "Payment", change, "", 0, 0, 0)

    records: list[Record] = [
        turn(10, 1, "opened"), turn(10, 2, "opened"), turn(20, 1, "half-open"),
        Life(25 * MS, "Orders", 2, 1, "crashed", ""), turn(30, 1, "closed"),
    ]  # fmt: skip
    view = LogView.of(log).run(recorded(log, records))
    states = {at: [(row[1], row[3]) for row in breakers_at(view, at * MS).rows()] for at in (10, 15, 22, 27, 35)}
    assert states == {
        10: [],
        15: [(1, "opened"), (2, "opened")],
        22: [(1, "half-open"), (2, "opened")],
        27: [(1, "half-open")],
        35: [],
    }


def test_the_last_errors_come_first_and_obey_the_filter(run: RunView, log: Log) -> None:
    whole = Interval(0, 3_000 * MS)
    bad = log.run(run.run).spans.filter(~pl.col("status").is_in(["ok", "unfinished"]), pl.col("service") == "Stock")
    found = last_errors(run, whole, service="Stock", limit=4)
    assert found["end_ns"].to_list() == sorted(bad["end_ns"].to_list(), reverse=True)[:4]
    assert set(last_errors(run, whole, source="Orders", address="Payment.*")["kind"]) <= set(CALLING)


def test_who_spoke_with_whom_and_where_it_stands_is_known(log: Log, recorded: Recorded) -> None:
    records: list[Record] = [
        message(1, 1, "call", "Mail.write", "Orders"), delivery(2, 1, "Mail", "delivered"),
        delivery(3, 1, "Orders", "replied"), span(3, 9, "handle", "Mail.write", "Mail"),
    ]  # fmt: skip
    view = LogView.of(log).run(recorded(log, records))
    assert known_traffic(view).rows() == [("call", "Orders", "Mail.write", "Mail")]
    assert code_places(view, "Mail").rows() == [("handle", "Mail.write", "service Mail", 7)]
