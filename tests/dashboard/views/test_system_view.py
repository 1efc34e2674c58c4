"""The tab System: what it draws, what a choice filters, the state at an instant, what can be taken away."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import studio
from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.views.system_view import SystemView, filters_of
from studio.simulation.run import Run
from studio.store import Log, RunInfo

STEP = "step: saga OrderProcessing > service Payment/process"


@pytest.fixture(scope="module")
def kept() -> Log:
    return Log.memory()


@pytest.fixture(scope="module")
def order_run(root: Path, kept: Log) -> Run:
    """The order system in a storm, 22 seconds of it."""
    return studio.simulate("storm", seed=7, system=studio.load(root / "simulations/orders"), duration="22s", log=kept)


@pytest.fixture
def desk(kept: Log, order_run: Run) -> Desk:
    return Desk(Feed.of_log(kept), run=order_run.number)


@pytest.fixture
def view(desk: Desk) -> SystemView:
    shown = SystemView(desk)
    shown.body()
    shown.refresh()
    return shown


def edge(view: SystemView, key: str) -> dict[str, object]:
    found: dict[str, object] = view.graph.stats["edges"][key]
    return found


def test_lines_carry_what_the_callers_saw(view: SystemView, order_run: Run) -> None:
    calls = order_run.spans.filter(kind="call", name="Payment.process", service="OrderProcessing")
    found = edge(view, STEP)
    assert found["count"] == len(calls)
    assert found["errors"] == round((calls["status"] != "ok").mean() or 0, 4)  # type: ignore[arg-type]


def test_a_call_that_the_sources_do_not_show_is_a_line_once_it_was_made(view: SystemView) -> None:
    declared = json.loads(view.desk.view.topology_json)["edges"]
    assert ["saga OrderProcessing", "service Payment"] not in [each[:2] for each in declared]
    assert f'data-edge="{STEP.replace(">", "&gt;")}"' in view.graph.svg


def test_a_window_that_trails_an_instant_counts_only_what_lies_in_it(view: SystemView, order_run: Run) -> None:
    view.time.param.update(last_s=10, at_ns=15_000_000_000)
    view.refresh()
    spans = order_run.spans.filter(kind="call", name="Inventory.reserve")
    inside = spans.filter((pl.col("end_ns") > 5_000_000_000) & (pl.col("end_ns") <= 15_000_000_000))
    found = edge(view, "step: saga OrderProcessing > service Inventory/reserve")
    assert (found["count"], found["rate"]) == (len(inside), len(inside) / 10)
    assert view.time.shown_ns == 15_000_000_000


def test_parts_show_their_state_at_that_instant(view: SystemView) -> None:
    view.time.param.update(last_s=1, at_ns=2_000_000_000)  # Email/1 crashes at 1.865 s for a second
    view.refresh()
    email = view.graph.stats["nodes"]["service Email"]
    assert (email["up"], email["down"]) == (0, 1)
    assert email["faults"] == ["Email/1 crashes at 1.865s, down for 1s"] or "crashes" in email["faults"][0]
    view.time.at_ns = 4_000_000_000
    view.refresh()
    assert view.graph.stats["nodes"]["service Email"]["up"] == 1


@pytest.mark.parametrize(
    ("key", "filters"),
    [
        ("service Payment", {"service": "Payment"}),
        ("saga OrderProcessing", {"saga": "OrderProcessing"}),
        ("external cards", {"service": "cards"}),
        (STEP, {"source": "OrderProcessing", "address": "Payment.process"}),
        ("request: service Payment > external cards", {"source": "Payment", "address": "cards *"}),
    ],
)
def test_a_choice_filters_all_tabs_and_the_filters_find_it_again(
    view: SystemView, key: str, filters: dict[str, str]
) -> None:
    view.graph.selected = key
    chosen = {name: getattr(view.desk, name) for name in ("service", "address", "source", "saga")}
    assert {name: value for name, value in chosen.items() if value} == filters
    other = SystemView(view.desk)
    other.refresh()
    assert other.graph.selected == key


def test_every_part_and_line_can_be_told(view: SystemView) -> None:
    for key in (*view.graph.stats["nodes"], *view.graph.stats["edges"]):
        view.graph.selected = key
        view.refresh()
        assert "Show all" in view.detail.html
        assert filters_of(key, view._index)  # noqa: SLF001 - what a click asks


def test_letting_go_shows_all_again(view: SystemView) -> None:
    view.graph.selected = "service Payment"
    view.graph.selected = ""
    view.refresh()
    assert view.desk.service == ""
    assert "Whole system" in view.detail.html


def test_errors_lead_to_their_traces_and_code_to_its_cell(view: SystemView) -> None:
    assert "tab=traces&amp;trace=" in view.detail.html.replace("&amp;amp;", "&amp;")
    view.graph.selected = "service Payment"
    view.refresh()
    assert 'data-cell="' in view.detail.html


def test_a_range_of_the_desk_is_what_is_looked_at(view: SystemView) -> None:
    view.desk.go(from_ns=1_000_000_000, until_ns=3_000_000_000)
    view.refresh()
    assert (view.time.last_s, view.time.range_text) == (-1, "1.00 s – 3.00 s")
    view.desk.go(from_ns=None, until_ns=None)
    view.refresh()
    assert view.time.last_s == 0


def test_the_traffic_can_be_taken_away_as_a_table(view: SystemView) -> None:
    exports = {each.title: each for each in view.exports()}
    frame = pl.read_parquet(io.BytesIO(exports["Traffic by address, Parquet"].make()))
    assert frame.filter(kind="call", address="Payment.process")["count"].sum() == edge(view, STEP)["count"]
    assert exports["Traffic by address, CSV"].make().startswith(b"kind,source,target,address,count")
    assert exports["Drawing without numbers, SVG"].make().startswith(b"<svg")


def test_the_state_of_all_parts_can_be_taken_away(view: SystemView) -> None:
    parts = view.parts()
    assert {f"{kind} {part}" for kind, part in parts.select("kind", "part").iter_rows()} == set(
        view.graph.stats["nodes"]
    )


def test_a_run_in_which_nobody_spoke_says_what_to_do(log: Log) -> None:
    shown = SystemView(Desk(Feed.of_log(log), run=1))
    shown.refresh()
    (note,) = shown.body()
    assert "No services yet" in note.object


def test_a_log_that_keeps_no_system_is_drawn_from_its_records(order_run: Run) -> None:
    log = Log.memory()
    buffer = log.record(RunInfo("storm", 7, "abc", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC)))
    for record in order_run.log.records():
        buffer.write(record)
    buffer.finish("finished", end_ns=order_run.end_ns)
    shown = SystemView(Desk(Feed.of_log(log), run=buffer.run))
    shown.refresh()
    parts = shown.graph.stats["nodes"]
    assert {"service Payment", "saga OrderProcessing", "external cards"} <= parts.keys()
    assert edge(shown, STEP)["count"]
