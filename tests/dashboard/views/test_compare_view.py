"""The tab Compare, as objects: which two runs, what differs, the first difference, giving the search up."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.views import compare_view, side_curves, two_runs
from studio.dashboard.views.compare_view import CompareView
from studio.simulation.travel.alignment import parting
from studio.store import Log, RunInfo
from studio.store.windows.buckets import Buckets
from studio.store.windows.compare_window import Contrast
from studio.store.windows.metrics_window import work_done
from tests.dashboard.views.order_runs import desk_of, order_feed

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def view() -> CompareView:
    shown = CompareView(desk_of(run=2))
    shown.body()
    shown.refresh()
    return shown


def test_a_run_is_compared_with_the_one_before_of_its_scenario(view: CompareView) -> None:
    assert view.pair[:2] == (2, 1)
    assert two_runs.partner(view.desk.rows, 1) == 2


def test_the_first_difference_is_the_one_that_aligning_names(view: CompareView) -> None:
    view.wait()
    log = order_feed().log
    assert log is not None
    expected = parting(log.run(2).records(), log.run(1).records())
    assert expected is not None
    assert escape(expected.first) in view.parting.html
    assert escape(expected.second) in view.parting.html


def test_a_side_of_the_difference_leads_to_its_trace(view: CompareView) -> None:
    view.wait()
    assert 'data-act="trace"' in view.parting.html
    view.open_trace("1/3")
    assert (view.desk.tab, view.desk.run, view.desk.trace) == ("traces", 1, 3)


def test_numbers_and_curves_of_both_runs_are_shown(view: CompareView) -> None:
    assert "Sagas by state" in view.numbers.html
    assert list(view.curves.work.curves.values) == ["run 2", "run 1"]
    assert set(view.frame()["section"]) >= {"records", "calls"}


def test_what_differs_says_by_how_much_and_from_which_side() -> None:
    found = [
        Contrast("records", "spans", 5_797, 4_284), Contrast("records", "sagas", 7, 7),
        Contrast("calls", "Shop.sell", 80_000_000, 90_000_000),
    ]  # fmt: skip
    told = two_runs.differences(found, ("run 4", "run 1"), is_all=True)
    assert "run 4 − run 1" in told
    assert all(f">{change}<" in told for change in ("+1,513", "=", "−10 ms"))


def test_a_run_that_ends_first_has_no_rate_after_its_end(view: CompareView) -> None:
    shorter, longer = view.desk.feed.log_view.run(1), view.desk.feed.log_view.run(2)
    buckets = Buckets.of(0, 2 * max(shorter.span_ns[1], longer.span_ns[1]), most=40)
    rates = side_curves.rate(work_done(shorter, buckets), buckets, shorter.span_ns[1] + 1)
    assert len(rates) == len(buckets.starts)
    assert set(rates[len(rates) // 2 + 1 :]) == {None}
    assert any(rates)


def test_equal_numbers_are_shown_when_asked_for(view: CompareView) -> None:
    shorter = view.numbers.html
    view.equal_too.value = view.equal_too.options
    assert view.desk.equal == "too"
    view.refresh()
    assert len(view.numbers.html) > len(shorter)


def test_a_search_that_is_given_up_can_be_begun_again(view: CompareView) -> None:
    view.give_up()
    assert "given up" in view.parting.html
    view.search_again()
    view.wait()
    assert "first event that differs" in view.parting.html


def test_what_goes_wrong_in_the_search_is_told(view: CompareView, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr(compare_view, "found_parting", fail)
    view.search_again()
    view.wait()
    assert "no such luck" in view.parting.html


def test_another_run_is_chosen(view: CompareView) -> None:
    others = [number for number in view.second_choice.options.values() if number != 1]
    if others:
        view.second_choice.value = others[0]
        assert view.desk.other == others[0]


def test_equal_runs_are_said_to_be_equal() -> None:
    log = Log.memory()
    for _ in range(2):
        log.record(INFO).finish("finished", end_ns=5)
    view = CompareView(Desk(Feed.of_log(log)))
    view.body()
    view.refresh()
    view.wait()
    assert "the same happened" in view.parting.html


def test_one_run_alone_says_what_to_do() -> None:
    log = Log.memory()
    log.record(INFO).finish("finished", end_ns=5)
    view = CompareView(Desk(Feed.of_log(log)))
    body = view.body()
    view.refresh()
    assert "Nothing to compare with" in body[0].object
    assert view.exports() == ()
