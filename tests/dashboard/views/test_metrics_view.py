"""The tab Metrics, as objects: what its charts show, how a stretch of time is chosen, what can be taken away."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import polars as pl
import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.views.metrics_view import MetricsView
from studio.store import Log, RunInfo
from studio.store.windows.buckets import BUCKETS_MAX
from tests.dashboard.views.order_runs import desk_of

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def view() -> MetricsView:
    shown = MetricsView(desk_of(run=1))
    shown.body()
    shown.refresh()
    return shown


def test_throughput_comes_to_all_that_was_handled(view: MetricsView) -> None:
    found = view.desk.view.ask(
        "select count(*) as n from raw.spans where run = {run} and kind in "
        "(select id from raw.names where run = {run} and text in ('handle', 'http', 'job')) and end_ns < {end}",
        end=5_900_000_000,
    )
    view.desk.go(from_ns=0, until_ns=5_900_000_000)
    view.refresh()
    curves = view.charts["throughput"].curves
    width_s = (curves.starts[1] - curves.starts[0]) / 1e9
    total = sum(value * width_s for name in curves.values for value in curves.of(name))
    assert total == pytest.approx(found["n"][0], rel=0.02)
    assert len(curves.starts) <= BUCKETS_MAX


def test_every_chart_says_in_words_what_it_shows(view: MetricsView) -> None:
    for chart in view.shown():
        assert chart.title in chart.alternative()
        assert "aria-label" in chart.words() or chart.curves.is_empty
    assert "latest" in view.charts["calls"].alternative()


def test_the_authors_metrics_have_a_chart_each(view: MetricsView) -> None:
    titles = {chart.title for chart in view.authors.shown()}
    assert {"Analytics.events_total", "Payment.charge_amount", "Inventory.reserved_total"} <= titles


def test_what_is_brushed_becomes_the_stretch_of_all_tabs(view: MetricsView) -> None:
    view.choose(1_000_000_000, 2_000_000_000)
    assert (view.desk.from_ns, view.desk.until_ns) == (1_000_000_000, 2_000_000_000)
    view.refresh()
    assert (view.board.range.start, view.board.range.end) == (1_000_000_000, 2_000_000_000)
    view.choose(None, None)
    assert view.desk.from_ns is None


def test_a_service_narrows_what_is_counted(view: MetricsView) -> None:
    view.desk.go(service="Payment")
    view.refresh()
    assert list(view.charts["throughput"].curves.values) == ["Payment"]


def test_faults_are_named_with_their_words(view: MetricsView) -> None:
    told = {band.name: band.words for band in view.faults.bands}
    assert "delivered twice" in told["duplicate Order.*"]
    assert "struck" in told["duplicate Order.*"]


def test_curves_are_kept_as_tables_and_as_a_picture(view: MetricsView) -> None:
    files = {export.title: export.make() for export in view.exports()}
    table = pl.read_parquet(io.BytesIO(files["All curves, Parquet"]))
    assert set(table["chart"]) >= {"Throughput", "Calls take"}
    assert files["All charts, SVG"].startswith(b"<svg")
    assert b"payment_outage" in files["All charts, SVG"]


def test_each_chart_can_be_taken_away_alone(view: MetricsView) -> None:
    titles = {export.title for export in view.exports()}
    shown = [chart.title for chart in view.shown() if not chart.curves.is_empty]
    assert {f"{title}, {form}" for title in shown for form in ("SVG", "PNG")} <= titles


def test_faults_and_breakers_are_kept_as_a_table(view: MetricsView) -> None:
    frame = view.stretches()
    assert set(frame["name"]) == {band.name for strip in (view.faults, view.breakers) for band in strip.bands}
    assert (frame["from_ns"] <= frame["until_ns"]).all()


def test_another_theme_makes_the_charts_anew(view: MetricsView) -> None:
    before = view.charts["throughput"]
    view.desk.theme = "dark"
    view.refresh()
    assert view.charts["throughput"] is not before
    assert not view.charts["throughput"].curves.is_empty


def test_a_run_without_records_says_what_is_missing() -> None:
    log = Log.memory()
    log.record(INFO).finish("finished", end_ns=0)
    view = MetricsView(Desk(Feed.of_log(log)))
    view.body()
    view.refresh()
    assert "No call ended" in view.charts["calls"].words()
    assert view.frame().is_empty()
