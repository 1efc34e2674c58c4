"""A log of many records as the dashboard opens it: seconds for opening and for each filter, beside bare DuckDB.

*Bare* is one query that gives the same rows (ids for names, as they lie in the file), written for the purpose, on a
connection that is open already; ours opens the file for each answer and lets it go, so that a writer gets in, and
renders names. Small by default, a million records with `--large`. Rounds take turns, and the best of each counts.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import polars as pl
import pytest

from studio.store import Log
from studio.store.campaigns import campaign_frame
from studio.store.windows import LogView, RunView
from studio.store.windows.buckets import Buckets
from studio.store.windows.campaign_window import fault_pairs, seed_cells, single_faults
from studio.store.windows.compare_window import contrasts
from studio.store.windows.measured_window import author_metrics
from studio.store.windows.message_story import list_dead_letters, message_story
from studio.store.windows.messages_window import MessageFilter, count_messages, list_messages
from studio.store.windows.metrics_window import latency, queue_depth, troubles, work_done
from studio.store.windows.parting_window import first_fork
from studio.store.windows.saga_story import saga_story
from studio.store.windows.sagas_window import SagaFilter, list_sagas, saga_counts, saga_totals
from studio.store.windows.trace_parts import trace_records
from studio.store.windows.traces_window import TraceFilter, count_traces, list_traces
from studio.store.windows.traffic_window import (
    Interval,
    deliveries_within,
    known_traffic,
    publishing_within,
    queues_at,
    work_within,
)

ROUNDS = 5
TEN = Interval(90 * 10**9, 100 * 10**9)
FIRST_PAGES = (
    "traces, all", "traces, counted", "messages, all", "messages, counted", "sagas, all", "sagas by state",
    "metrics, throughput",
)  # fmt: skip

_TRACES = """
select trace, min(start_ns) as start_ns, max(end_ns) - min(start_ns) as duration_ns, count(*) as spans,
  bool_or(status <> {ok}) as troubled, arg_min(name, start_ns) as name from raw.spans
where {where} group by trace {having} order by {order} limit 100
"""
_TRACES_WITH = "trace in (select trace from raw.{table} where {where})"
_MESSAGES = """
with shown as (select * from raw.messages where {where} order by seq desc limit 100)
select * from shown left join (
  select message, list(outcome order by seq) from raw.deliveries where message in (select message from shown) group by 1
) using (message)
"""
_TAKEN = "message in (select message from raw.deliveries where consumer = {inventory})"
_SAGAS = """
select saga, arg_max(state, seq) as state, min(at_ns) as began, max(at_ns) as changed from raw.sagas
where {where} group by saga order by state, changed desc limit 100
"""
_BUCKET = "end_ns // 5000000000 as at"
_TEXT = "contains(lower({column}), 'order-777')"

Ask = Callable[[RunView], object]


_WITH_TEXT = f"""
{_TRACES_WITH.format(table="messages", where="{text_of_message}")}
or {_TRACES_WITH.format(table="logs", where="{text}")} or saga in (select id from raw.names where {{text}})
"""  # noqa: S608 - our own names
_SAGAS_WITH_TEXT = "saga in (select saga from raw.saga_steps where {text_of_step})"
_CURVE = "select {bucket}, {what} from raw.spans where {where} group by all"
_QUEUES = """
select d.at_ns // 5000000000 as at, consumer, count(*) from raw.deliveries d join raw.messages m using (message)
where outcome = {acknowledged} and m.kind = {event} group by all
"""


def traces(where: str = "true", having: str = "", order: str = "start_ns desc") -> str:
    """Return the bare query for a page of traces."""
    return _TRACES.replace("{where}", where).replace("{having}", having).replace("{order}", order)


def text(*columns: str) -> str:
    """Return the bare condition for a text in one of several columns."""
    return "(" + " or ".join(_TEXT.replace("{column}", column) for column in columns) + ")"


def messages(where: str = "true") -> str:
    """Return the bare query for a page of messages."""
    return _MESSAGES.replace("{where}", where)


def sagas(where: str = "true") -> str:
    """Return the bare query for a page of sagas."""
    return _SAGAS.replace("{where}", where)


def with_trace(table: str, where: str) -> str:
    """Return the bare condition that keeps traces with a row."""
    return _TRACES_WITH.replace("{table}", table).replace("{where}", where)


def curve(what: str, where: str) -> str:
    """Return the bare query for a curve over spans."""
    return _CURVE.replace("{bucket}", _BUCKET).replace("{what}", what).replace("{where}", where)


def window(run: RunView, buckets: int = 120) -> Buckets:
    """Return the whole run in buckets."""
    return Buckets.of(*run.span_ns, most=buckets)


FILTERS: dict[str, tuple[Ask, str]] = {
    "traces, all": (lambda run: list_traces(run, TraceFilter()), traces()),
    "traces, counted": (lambda run: count_traces(run, TraceFilter()), "select count(distinct trace) from raw.spans"),
    "traces of a service": (
        lambda run: list_traces(run, TraceFilter(service="Inventory")),
        traces(with_trace("spans", "service = {inventory}")),
    ),
    "traces with an address": (
        lambda run: list_traces(run, TraceFilter(address="Payment.act1")),
        traces(with_trace("messages", "address = {act1}")),
    ),
    "traces that timed out": (
        lambda run: list_traces(run, TraceFilter(status="timeout")),
        traces(having="having bool_or(status = {timeout})"),
    ),
    "traces over 0.9 s": (
        lambda run: list_traces(run, TraceFilter(shortest_ns=900_000_000), order="duration_ns"),
        traces(having="having max(end_ns) - min(start_ns) >= 900000000", order="duration_ns desc"),
    ),
    "traces of a saga": (
        lambda run: list_traces(run, TraceFilter(saga="OrderProcessing/order-777")),
        traces(with_trace("spans", "saga = {saga}")),
    ),
    "traces with a text": (
        lambda run: list_traces(run, TraceFilter(text="order-777")),
        traces(_WITH_TEXT),
    ),
    "traces of 10 s": (
        lambda run: list_traces(run, TraceFilter(from_ns=TEN.from_ns, until_ns=TEN.until_ns)),
        traces(having=f"having max(end_ns) >= {TEN.from_ns} and min(start_ns) < {TEN.until_ns}"),
    ),
    "messages, all": (lambda run: list_messages(run, MessageFilter()), messages()),
    "messages, counted": (lambda run: count_messages(run, MessageFilter()), "select count(*) from raw.messages"),
    "messages of a service": (
        lambda run: list_messages(run, MessageFilter(service="Inventory")),
        messages("(sender = {inventory} or " + _TAKEN + ")"),
    ),
    "messages to an address": (
        lambda run: list_messages(run, MessageFilter(address="Payment.act1")),
        messages("address = {act1}"),
    ),
    "messages dead-lettered": (
        lambda run: list_messages(run, MessageFilter(outcome="dead-lettered")),
        messages("message in (select message from raw.deliveries where outcome = {dead})"),
    ),
    "messages with a text": (
        lambda run: list_messages(run, MessageFilter(text="order-777")),
        messages(text("body", "key")),
    ),
    "messages of a saga": (
        lambda run: list_messages(run, MessageFilter(saga="OrderProcessing/order-777")),
        messages("saga = {saga}"),
    ),
    "messages of 10 s": (
        lambda run: list_messages(run, MessageFilter(from_ns=TEN.from_ns, until_ns=TEN.until_ns)),
        messages(f"at_ns >= {TEN.from_ns} and at_ns < {TEN.until_ns}"),
    ),
    "sagas, all": (lambda run: list_sagas(run, SagaFilter()), sagas()),
    "sagas by state": (
        lambda run: saga_totals(run, SagaFilter()),
        "select state, count(*) from (select arg_max(state, seq) as state from raw.sagas group by saga) group by state",
    ),
    "sagas over time": (
        lambda run: saga_counts(run, window(run)),
        "select at_ns // 5000000000 as at, state, count(*) from raw.sagas group by all",
    ),
    "sagas with a text": (
        lambda run: list_sagas(run, SagaFilter(text="order-777")),
        sagas(_SAGAS_WITH_TEXT),
    ),
    "metrics, throughput": (
        lambda run: work_done(run, window(run), split="service"),
        curve("service, count(*)", "kind = {handle}"),
    ),
    "metrics, latency": (
        lambda run: latency(run, window(run), "handling"),
        curve("quantile_disc(end_ns - start_ns, [0.5, 0.9, 0.99])", "kind = {handle}"),
    ),
    "metrics, errors": (
        lambda run: troubles(run, window(run)),
        curve("kind, status, count(*)", "status <> {ok}"),
    ),
    "metrics, queues": (lambda run: queue_depth(run, window(run)), _QUEUES),
    "the author's metrics": (
        author_metrics, "select service, name, labels, count(*), sum(value) from raw.metrics group by all",
    ),
    "one trace": (lambda run: trace_records(run, 777), "select * from raw.spans where trace = 777"),
    "one message": (lambda run: message_story(run, 777), "select * from raw.messages where message = 777"),
    "one saga": (
        lambda run: saga_story(run, "OrderProcessing/order-777"),
        "select * from raw.saga_steps where saga = {saga}",
    ),
    "dead letters": (list_dead_letters, "select * from raw.deliveries where outcome = {dead} order by seq limit 100"),
    "parts of the system": (known_traffic, "select distinct service, name, kind from raw.spans"),
    "queues at an instant": (
        lambda run: queues_at(run, TEN.until_ns),
        "select consumer, outcome, count(*) from raw.deliveries group by all",
    ),
    "metrics, throughput of 10 s": (
        lambda run: work_done(run, Buckets.of(TEN.from_ns, TEN.until_ns), split="service"),
        curve("service, count(*)", f"kind = {{handle}} and end_ns >= {TEN.from_ns} and end_ns < {TEN.until_ns}"),
    ),
    "metrics, latency of 10 s": (
        lambda run: latency(run, Buckets.of(TEN.from_ns, TEN.until_ns), "handling"),
        curve("quantile_disc(end_ns - start_ns, [0.5, 0.9, 0.99])",
              f"kind = {{handle}} and end_ns >= {TEN.from_ns} and end_ns < {TEN.until_ns}"),
    ),
    "metrics, queues of 10 s": (lambda run: queue_depth(run, Buckets.of(TEN.from_ns, TEN.until_ns)), _QUEUES),
    "traffic of 10 s": (
        lambda run: (work_within(run, TEN), publishing_within(run, TEN), deliveries_within(run, TEN)),
        curve("service, name, status, count(*)", f"end_ns >= {TEN.from_ns} and end_ns < {TEN.until_ns}"),
    ),
}  # fmt: skip
_NUMBERS = tuple(
    query.format(run=run) for run in (1, 2) for query in (
        """select name, count(*) from (
          select arg_max((name, state), seq) as name from raw.sagas where run = {run} group by saga) group by all""",
        "select kind, target, count(*) from raw.faults where run = {run} group by all",
        "select kind, name, status, error, count(*) from raw.spans where run = {run} group by all",
        "select kind, name, quantile_disc(end_ns - start_ns, 0.99) from raw.spans where run = {run} group by all",
    )
)  # fmt: skip
_EVENTS = tuple(
    f"select hash({fields}) as h from raw.{table} where run = {run}"  # noqa: S608 - our own names
    for run in (1, 2) for table, fields in {
        "messages": "causal, address, body", "deliveries": "message, consumer, outcome", "sagas": "saga, state",
        "saga_steps": "saga, step, phase, body", "documents": "key, change, body",
    }.items()
)  # fmt: skip
_PAIRS = (
    "select name, count(*) from campaign_strikes group by name",
    """select a.name, b.name as other, count(*) from campaign_strikes a join campaign_strikes b using (seed)
    where a.name < b.name group by all""",
)
_NAMES = {
    "ok": "ok", "timeout": "timeout", "inventory": "Inventory", "act1": "Payment.act1", "dead": "dead-lettered",
    "acknowledged": "acknowledged", "event": "event", "handle": "handle", "saga": "OrderProcessing/order-777",
}  # fmt: skip


@pytest.fixture(scope="module")
def file(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A log, which holds as many records as were asked for."""
    records = 1_000_000 if request.config.getoption("--large") else 100_000
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "studio.duckdb"
        script().make_log(found, records)
        yield found


def script() -> ModuleType:
    """Load the script beside this file."""
    spec = importlib.util.spec_from_file_location("large_log", Path(__file__).with_name("large_log.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["large_log"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_opening(file: Path) -> None:
    """Print what stands between a file's name and the first page of everything."""
    ours, bare = seconds(lambda: opened(file), lambda: opened_bare(file))
    rows = LogView.open(file).runs()
    print(f"\nopening a log of {rows[0].records:,} records: {ours:.3f} s, bare {bare:.3f} s ({ours / bare:.1f} times)")


def opened(file: Path) -> None:
    """Open a log and ask for what the first page of each table shows."""
    view = LogView.open(file)
    run = view.run(view.runs()[-1].run)
    with run.burst():
        for name in FIRST_PAGES:
            FILTERS[name][0](run)
    view.close()


def opened_bare(file: Path) -> None:
    """Ask the same of DuckDB."""
    with duckdb.connect(str(file), read_only=True) as connection:
        ids = known(connection)
        for name in FIRST_PAGES:
            pl.DataFrame(connection.sql(FILTERS[name][1].format(**ids)))


def known(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Return the ids of the names that bare queries name; in a short log some do not occur."""
    found = dict(connection.execute("select text, id from raw.names").fetchall())
    texts = {"text": text("text"), "text_of_message": text("body", "key"), "text_of_step": text("body")}
    return {key: found.get(name, -1) for key, name in _NAMES.items()} | texts


def test_filters(file: Path) -> None:
    """Print how long each filter takes, the slowest first."""
    run = LogView.open(file).run(1)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        found = {name: measured(run, connection, file, name) for name in FILTERS}
    print(f"\nfilters on a log of {run.row.records:,} records")
    for name, (ours, bare) in sorted(found.items(), key=lambda each: -each[1][0]):
        print(f"  {name:<27} {ours * 1000:7.0f} ms   bare {bare * 1000:7.0f} ms   {ours / bare:5.1f} times")
    slowest = max(ours for ours, _ in found.values())
    print(f"  the slowest takes {slowest:.3f} s")


def test_two_runs_and_a_campaign(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Print how long it takes to compare two runs of half the size, and to open a campaign of many seeds."""
    is_large = request.config.getoption("--large")
    file, records, seeds = tmp_path / "studio.duckdb", 500_000 if is_large else 50_000, 10_000 if is_large else 1_000
    runs = [script().make_log(file, records, seed=seed) for seed in (1, 2)]
    log = LogView.open(file)
    first, second = map(log.run, runs)
    number = Log.open(file).add_campaign(campaign_frames(seeds))
    ways: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
        "numbers side by side": (lambda: contrasts(first, second), _NUMBERS),
        "the first difference": (lambda: first_fork(first, second, is_timed=True, progress=lambda _: True), _EVENTS),
        "seeds as a grid": (lambda: seed_cells(log.campaign(number)), ("from campaign_seeds order by seed",)),
        "faults and pairs": (lambda: (single_faults(log.campaign(number)), fault_pairs(log.campaign(number))), _PAIRS),
    }
    print(f"\ntwo runs of {first.row.records:,} records, a campaign of {seeds:,} seeds")
    for name, (ours, queries) in ways.items():
        found, bare = seconds(ours, lambda queries=queries: asked_bare(file, queries))  # type: ignore[misc]  # bound now
        print(f"  {name:<27} {found * 1000:7.0f} ms   bare {bare * 1000:7.0f} ms   {found / bare:5.1f} times")


def asked_bare(file: Path, queries: tuple[str, ...]) -> None:
    """Ask some queries of DuckDB."""
    with duckdb.connect(str(file), read_only=True) as connection:
        for query in queries:
            pl.DataFrame(connection.sql(query))


def campaign_frames(seeds: int) -> dict[str, pl.DataFrame]:
    """Return the tables of a campaign, of which one seed in 25 fails, and half are struck by each of five faults."""
    begun = datetime(2026, 1, 1)  # noqa: DTZ001 - the table has no zone
    rows: dict[str, list[tuple[Any, ...]]] = {
        "campaigns": [("storm", "", "", "", begun, "finished", seeds, seeds, -(-seeds // 25))],
        "campaign_seeds": [
            (seed, "finished", "held" if seed % 25 else "failed", 0, 5_000, 10**9, "", "", "", "", 0, "{}")
            for seed in range(seeds)
        ],
        "campaign_violations": [(seed, "one_charge", "always", 3, '{"n": 2}') for seed in range(0, seeds, 25)],
        "campaign_strikes": [
            (seed, at, f"crash Service{at}", "crash", f"Service{at}", f"crash Service{at}", 1)
            for seed in range(seeds) for at in range(5) if seed * 2_654_435_761 >> at & 1
        ],
    }  # fmt: skip
    return {table: campaign_frame(table, found) for table, found in rows.items()}


def measured(run: RunView, connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> tuple[float, float]:
    """Measure one filter; the file is not held by the bare connection while ours asks, as two engines may not."""
    ask, query = FILTERS[name]

    def bare() -> float:
        connection.execute(f"attach '{file}' as log (read_only)")
        connection.execute("use log")
        text = query.format(**known(connection))
        began = time.perf_counter()
        pl.DataFrame(connection.sql(text))
        spent = time.perf_counter() - began
        connection.execute("use memory")
        connection.execute("detach log")
        return spent

    def ours() -> float:
        began = time.perf_counter()
        ask(run)
        return time.perf_counter() - began

    rounds = [(ours(), bare()) for _ in range(ROUNDS + 1)][1:]
    return min(each for each, _ in rounds), min(each for _, each in rounds)


def seconds(*ways: Callable[[], object]) -> list[float]:
    """Return the least time of several ways, measured in turn after a round that warms up."""
    found = [[spent_s(way) for way in ways] for _ in range(ROUNDS + 1)][1:]
    return [min(each) for each in zip(*found, strict=True)]


def spent_s(way: Callable[[], object]) -> float:
    """Return the time that something takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began
