"""The tab Sagas, without a browser: states over time, the list, one instance, and what an operator does to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.views.sagas_view import SagasView
from studio.errors import NothingToActOn
from studio.simulation.world import World

Words = Callable[[str], str]


def shown(desk: Desk) -> SagasView:
    view = SagasView(desk)
    view.body()
    view.refresh()
    return view


def press(view: SagasView, act: str, value: str = "") -> None:
    view.opened.head.receive({"kind": "act", "name": act, "value": value})
    view.refresh()


def state(world: World, saga: str) -> str:
    sagas = world.run.sagas
    return str(sagas.filter(sagas["saga"] == saga)["state"][0])


def test_stuck_ones_stand_on_top(live: Desk) -> None:
    view = shown(live)
    assert view.table.rows[0][0] == "Keeping/o-1"
    assert [row[1][0] for row in view.table.rows] == ["stuck", "completed", "completed"]


def test_states_over_time_are_a_picture_and_a_table(desk: Desk, words: Words) -> None:
    view = shown(desk)
    assert "compensated: 2; completed: 32" in view.counts.picture
    view.counts.body.receive({"kind": "act", "name": "table", "value": ""})
    view.refresh()
    assert "compensated 2" in words(view.counts.body.html)
    assert "<table" in view.counts.body.html


def test_the_legend_names_all_states_that_are_drawn(desk: Desk, words: Words) -> None:
    view = shown(desk)
    assert "compensating 0" in words(view.counts.body.html)
    assert "compensated 2" in words(view.counts.body.html)


def test_a_state_chosen_above_narrows_the_list(desk: Desk) -> None:
    view = shown(desk)
    view.counts.body.receive({"kind": "act", "name": "state", "value": "compensated"})
    view.refresh()
    assert (desk.status, view.table.total) == ("compensated", 2)


def test_an_open_instance_does_not_hide_the_others(desk: Desk, words: Words) -> None:
    desk.go(saga="OrderProcessing/order-1")
    view = shown(desk)
    assert view.table.total > 30
    assert "compensated" in words(view.opened.head.html)
    assert "reserve_inventory" in view.opened.timeline.html
    assert "compensating" in words(view.opened.journal.html)


def test_an_instance_links_to_its_trace_and_messages(desk: Desk) -> None:
    desk.go(saga="OrderProcessing/order-1")
    html = shown(desk).opened.head.html
    assert "tab=traces" in html
    assert "tab=messages" in html


def test_an_instance_that_is_not_there_is_told_in_its_place(desk: Desk, words: Words) -> None:
    desk.go(saga="OrderProcessing/nobody")
    assert "STU924" in words(shown(desk).opened.head.html)


def test_over_runs_cannot_be_acted_on_and_say_why(desk: Desk) -> None:
    desk.go(saga="OrderProcessing/order-1")
    view = shown(desk)
    assert view.opened.head.html.count("disabled") == 3
    press(view, "resume", "OrderProcessing/order-1")
    assert "STU923" in desk.notices[-1].text
    with pytest.raises(NothingToActOn):
        view.opened.abandon("OrderProcessing/order-1")


def test_only_what_fits_the_state_is_offered(live: Desk, words: Words) -> None:
    live.go(saga="Keeping/o-1")
    html = shown(live).opened.head.html
    assert html.count("disabled") == 1  # it is stuck: it cannot be cancelled


def test_resuming_a_stuck_instance_lets_it_go_on(live: Desk, troubled: World) -> None:
    live.go(saga="Keeping/o-1")
    press(shown(live), "resume", "Keeping/o-1")
    assert "goes on" in live.notices[-1].text
    assert "compensating" in troubled.run.steps["phase"].to_list()
    assert len(troubled.run.sql("select 1 from saga_changes where saga = 'Keeping/o-1'")) > 3


def test_abandoning_is_asked_for_first(live: Desk, troubled: World, words: Words) -> None:
    live.go(saga="Keeping/o-1")
    view = shown(live)
    press(view, "ask", "Keeping/o-1")
    assert "Abandon Keeping/o-1?" in words(view.opened.head.html)
    assert state(troubled, "Keeping/o-1") == "stuck"
    press(view, "keep")
    assert "Abandon Keeping/o-1?" not in words(view.opened.head.html)


def test_what_is_abandoned_stays_so(live: Desk, troubled: World) -> None:
    live.go(saga="Keeping/o-1")
    view = shown(live)
    press(view, "ask", "Keeping/o-1")
    press(view, "abandon", "Keeping/o-1")
    assert state(troubled, "Keeping/o-1") == "abandoned"
    assert live.notices[-1].level == "success"


def test_exports_hold_the_list_the_counts_and_the_timeline(desk: Desk) -> None:
    desk.go(saga="OrderProcessing/order-1")
    exports = shown(desk).exports()
    titles = ("Sagas", "States over time", "Timeline", "Its journal", "Its states")
    assert {export.title.partition(",")[0] for export in exports} == set(titles)
    assert all(export.make() for export in exports)
    assert exports[-1].name == "saga-OrderProcessing-order-1-states"
