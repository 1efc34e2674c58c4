"""The tab Traces, without a browser: what it lists, what it opens, where its links lead."""

from __future__ import annotations

import io
from collections.abc import Callable

import polars as pl

from studio.dashboard.desk import Desk
from studio.dashboard.views.traces_view import TracesView
from studio.store.windows.traces_window import TraceFilter, count_traces

Words = Callable[[str], str]


def shown(desk: Desk) -> TracesView:
    view = TracesView(desk)
    view.body()
    view.refresh()
    return view


def cells(view: TracesView, title: str) -> list[str]:
    at = next(place for place, head in enumerate(view.table.head) if head["title"] == title)
    return [row[1][at] for row in view.table.rows]


def test_the_latest_traces_come_first(desk: Desk) -> None:
    view = shown(desk)
    assert view.table.total == count_traces(desk.view, TraceFilter()) > 30
    traces = [int(number) for number in cells(view, "Trace")]
    assert traces == sorted(traces, reverse=True)
    assert set(cells(view, "Begins with")) >= {"Orders.place"}


def test_the_desks_filters_and_the_tabs_own_narrow_the_list(desk: Desk) -> None:
    view = shown(desk)
    whole = view.table.total
    desk.go(status="timeout", text="longer:6s order-23")
    view.refresh()
    assert 0 < view.table.total < whole
    assert set(cells(view, "Key")) == {"order-23"}
    assert all("timeout" in status for status in cells(view, "Status"))


def test_a_status_of_another_tab_hides_nothing(desk: Desk) -> None:
    desk.go(status="dead-lettered")
    assert shown(desk).table.total == count_traces(desk.view, TraceFilter())


def test_a_duration_that_cannot_be_read_is_told(desk: Desk) -> None:
    desk.go(text="longer:soon")
    view = shown(desk)
    assert view.table.total == count_traces(desk.view, TraceFilter())
    assert "STU" in desk.notices[-1].text


def test_a_written_filter_goes_into_the_link(desk: Desk) -> None:
    view = shown(desk)
    search, _, _, _, _, longer, _ = view.filters.controls
    search.value, longer.value = "order-23", "6s"
    assert "text=longer%3A6s+order-23" in desk.link()
    view.refresh()
    assert (search.value, longer.value) == ("order-23", "6s")


def test_choosing_a_trace_opens_its_waterfall(desk: Desk, words: Words) -> None:
    view = shown(desk)
    view.table._handle_msg({"kind": "choose", "key": "3"})  # noqa: SLF001 - as the browser does
    view.refresh()
    assert (desk.trace, view.is_open) == (3, True)
    assert "OrderProcessing/order-3" in words(view.opened.head.html)
    assert view.opened.waterfall.svg.startswith("<svg")


def test_a_span_shows_message_error_policies_and_code(desk: Desk, words: Words) -> None:
    spans = desk.view.ask("select span from raw.spans where run = {run} and trace = 3 and line > 0 order by span")
    desk.go(trace=3, span=int(spans["span"][0]))
    told = words(shown(desk).opened.side.html)
    assert "@service" in told  # the line that declared it
    assert '"id": "order-3"' in told


def test_neighbours_are_a_key_away(desk: Desk) -> None:
    desk.go(trace=3)
    view = shown(desk)
    assert view.opened.head.keys == {"[": "before", "]": "after", "Escape": "close"}
    view.opened.head.receive({"kind": "act", "name": "after", "value": ""})
    assert desk.trace == 2
    view.refresh()
    view.opened.head.receive({"kind": "act", "name": "before", "value": ""})
    assert desk.trace == 3


def test_a_link_leads_on_and_nothing_else_is_taken_from_it(desk: Desk) -> None:
    view = shown(desk)
    view.opened.head.receive({"kind": "go", "changes": {"tab": "sagas", "saga": "OrderProcessing/order-3", "run": 9}})
    assert (desk.tab, desk.saga, desk.run) == ("sagas", "OrderProcessing/order-3", None)


def test_a_message_followed_in_the_waterfall_opens(desk: Desk) -> None:
    desk.go("traces", trace=3)
    shown(desk).opened.waterfall.followed = "message 28"
    assert (desk.tab, desk.message) == ("messages", 28)


def test_a_trace_that_is_not_there_is_told_in_its_place(desk: Desk, words: Words) -> None:
    desk.go(trace=99_999)
    view = shown(desk)
    assert "STU924" in words(view.opened.head.html)
    assert view.table.total > 0


def test_exports_hold_all_that_fits_and_the_picture(desk: Desk) -> None:
    desk.go(trace=3, status="timeout")
    view = shown(desk)
    exports = {export.title: export for export in view.exports()}
    rows = pl.read_parquet(io.BytesIO(exports["Traces, Parquet"].make()))
    assert len(rows) == view.table.total == exports["Traces, CSV"].make().count(b"\n") - 1
    assert exports["Traces, CSV"].told() == f"{len(rows)} rows"
    assert exports["Trace 3, SVG"].make().startswith(b"<svg")
    assert b"Trace 3" in exports["Trace 3, text"].make()


def test_hostile_text_is_shown_and_not_run(desk: Desk, words: Words) -> None:
    desk.go(trace=3, saga="<script>alert(1)</script>", text="<b>")
    view = shown(desk)
    assert "<script>" not in view.opened.head.html + view.opened.side.html
