"""Traces as windows list them are those that a plain look at all spans finds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from studio.simulation.run import Run
from studio.store.windows.run_view import RunView
from studio.store.windows.trace_parts import trace_records
from studio.store.windows.traces_window import (
    TraceFilter,
    all_traces,
    count_traces,
    list_traces,
    place_of_trace,
)

SECOND = 1_000_000_000


def spans_by_trace(run: Run) -> dict[int, list[dict[str, Any]]]:
    found = defaultdict(list)
    for span in run.spans.to_dicts():
        if span["trace"]:
            found[span["trace"]].append(span)
    return found


def listed(view: RunView, **wanted: Any) -> set[int]:
    return set(list_traces(view, TraceFilter(**wanted), limit=1000)["trace"].to_list())


def test_every_trace_is_listed_with_its_numbers(stormy: Run, stormy_view: RunView) -> None:
    found = {row["trace"]: row for row in list_traces(stormy_view, TraceFilter(), limit=1000).to_dicts()}
    traces = spans_by_trace(stormy)
    assert found.keys() == traces.keys()
    for trace, spans in traces.items():
        row, start = found[trace], min(span["start_ns"] for span in spans)
        assert row["start_ns"] == start
        assert row["duration_ns"] == max(span["end_ns"] for span in spans) - start
        assert row["spans"] == len(spans)
        assert row["troubled"] == sum(span["status"] != "ok" for span in spans)
        assert row["name"] == min(spans, key=lambda span: (span["start_ns"], span["span"]))["name"]


@pytest.mark.parametrize("status", ["ok", "error", "timeout", "crashed"])
def test_status_means_that_a_span_ended_so_and_ok_that_all_did(stormy: Run, stormy_view: RunView, status: str) -> None:
    has = all if status == "ok" else any
    expected = {trace for trace, spans in spans_by_trace(stormy).items() if has(s["status"] == status for s in spans)}
    assert listed(stormy_view, status=status) == expected


def test_service_is_one_that_worked_in_the_trace(stormy: Run, stormy_view: RunView) -> None:
    expected = {trace for trace, spans in spans_by_trace(stormy).items() if any(s["service"] == "Email" for s in spans)}
    assert listed(stormy_view, service="Email") == expected


def test_address_and_source_are_of_one_message(stormy: Run, stormy_view: RunView) -> None:
    messages = stormy.messages.to_dicts()
    expected = {m["trace"] for m in messages if m["sender"] == "Orders" and m["address"] == "Order.created"}
    assert listed(stormy_view, source="Orders", address="Order.created") == expected
    assert not listed(stormy_view, source="Email", address="Order.created")


def test_limits_of_duration_hold_at_both_ends(stormy: Run, stormy_view: RunView) -> None:
    rows = list_traces(stormy_view, TraceFilter(), limit=1000)
    least = int(rows["duration_ns"].sort()[len(rows) // 2])
    found = list_traces(stormy_view, TraceFilter(shortest_ns=least, longest_ns=5 * SECOND), limit=1000)
    expected = [each for each in rows["duration_ns"].to_list() if least <= each <= 5 * SECOND]
    assert sorted(found["duration_ns"].to_list()) == sorted(expected)


def test_traces_of_a_stretch_of_time_are_those_that_overlap_it(stormy: Run, stormy_view: RunView) -> None:
    begin, end = 10 * SECOND, 20 * SECOND
    expected = {
        trace
        for trace, spans in spans_by_trace(stormy).items()
        if max(s["end_ns"] for s in spans) >= begin and min(s["start_ns"] for s in spans) < end
    }
    assert listed(stormy_view, from_ns=begin, until_ns=end) == expected


def test_text_is_found_in_contents_whatever_the_case(stormy: Run, stormy_view: RunView) -> None:
    expected = {m["trace"] for m in stormy.messages.to_dicts() if "parcel-" in m["body"]}
    assert listed(stormy_view, text="PARCEL-") >= expected > set()


def test_text_may_hold_what_sql_means_something_by(stormy_view: RunView) -> None:
    assert not listed(stormy_view, text="100%_'{x}\"")


def test_a_sagas_instance_is_found_by_its_id_and_its_name(stormy_view: RunView) -> None:
    one, every = listed(stormy_view, saga="OrderProcessing/order-3"), listed(stormy_view, saga="OrderProcessing")
    assert len(one) == 1
    assert one < every


@pytest.mark.parametrize("order", ["start_ns", "duration_ns", "spans", "troubled", "faults"])
def test_pages_put_together_are_the_whole_in_order(stormy_view: RunView, order: Any) -> None:
    whole = list_traces(stormy_view, TraceFilter(), order=order, limit=1000)
    pages = [list_traces(stormy_view, TraceFilter(), order=order, offset=at, limit=7) for at in range(0, len(whole), 7)]
    assert [trace for page in pages for trace in page["trace"]] == whole["trace"].to_list()
    assert whole[order].to_list() == sorted(whole[order], reverse=True)


def test_the_count_is_that_of_the_list(stormy_view: RunView) -> None:
    wanted = TraceFilter(status="timeout")
    assert count_traces(stormy_view, wanted) == len(list_traces(stormy_view, wanted, limit=1000))


def test_a_traces_place_names_those_beside_it(stormy_view: RunView) -> None:
    order = list_traces(stormy_view, TraceFilter(), order="duration_ns", limit=1000)["trace"].to_list()
    assert place_of_trace(stormy_view, TraceFilter(), order[3], order="duration_ns") == (3, order[2], order[4])
    assert place_of_trace(stormy_view, TraceFilter(), order[0], order="duration_ns")[1] is None
    assert place_of_trace(stormy_view, TraceFilter(), 99_999, order="duration_ns") == (-1, None, order[0])


def test_an_export_brings_all_rows_up_to_its_bound(stormy_view: RunView) -> None:
    assert sum(map(len, all_traces(stormy_view, TraceFilter()))) == count_traces(stormy_view, TraceFilter())
    assert sum(map(len, all_traces(stormy_view, TraceFilter(), rows_max=5))) == 5


@pytest.mark.parametrize("trace", [1, 3, 23])
def test_a_traces_records_are_those_of_the_log(stormy: Run, stormy_view: RunView, trace: int) -> None:
    kinds = {"DocumentChange", "LedgerEntry"}  # no waterfall shows them
    expected = [record for record in stormy.log.trace(trace) if type(record).__name__ not in kinds]
    assert trace_records(stormy_view, trace) == expected
