"""The tab Faults, without a browser: a live world has controls, a run that is over its plan; refusals are told."""

from __future__ import annotations

import json
from typing import Any

from studio.dashboard.desk import Desk
from studio.dashboard.fault_bench import bench_of
from studio.dashboard.feed import Feed
from studio.dashboard.views.faults_view import FaultsView
from studio.model.fault import plan_from
from studio.model.faults.network_faults import lose
from studio.simulation.world import World


def shown(desk: Desk) -> FaultsView:
    view = FaultsView(desk)
    view.body()
    view.refresh()
    return view


def ask(view: FaultsView, **request: Any) -> dict[str, Any]:
    view.pane.request = {**request, "id": f"{request}"}
    reply: dict[str, Any] = view.pane.reply
    assert reply["id"] == f"{request}"
    return reply


def test_a_live_world_has_controls_for_every_kind_that_can_strike_it(live: Desk) -> None:
    view = shown(live)
    assert view.pane.standing["live"]
    assert [family["name"] for family in view.pane.catalogue["families"]][:2] == ["Network", "Processes"]
    assert {"name": "Store", "replicas": 1} in view.pane.catalogue["owners"]


def test_what_is_injected_stands_at_once_and_can_be_undone(live: Desk, troubled: World) -> None:
    view = shown(live)
    ask(view, do="inject", kind="lose", values={"targets": ["Store.put"]})
    (row,) = view.pane.standing["rows"]
    assert (row["on"], row["words"]) == (True, f"each request of Store.put is lost from {troubled.now}")
    ask(view, do="undo")
    (row,) = view.pane.standing["rows"]
    assert (row["on"], row["words"]) == (
        False,
        f"each request of Store.put is lost from {troubled.now} until {troubled.now}",
    )
    assert not any(each.is_in_force for each in troubled.faults)


def test_strikes_are_counted_while_the_world_goes_on(live: Desk, troubled: World) -> None:
    view = shown(live)
    ask(view, do="inject", kind="lose", values={"targets": ["Thing.made"], "leg": "acknowledgement", "occurrence": "1"})
    troubled.send("Thing.made", {"id": "new"})
    troubled.advance("1m").sagas()
    view.refresh()
    assert view.pane.standing["rows"][0]["strikes"] == 1


def test_impossible_values_are_told_at_the_field_and_nothing_happens(live: Desk, troubled: World) -> None:
    view = shown(live)
    reply = ask(view, do="inject", kind="lose", values={"targets": ["Store"], "probability": 1.7})
    assert reply["complaints"] == {"probability": "1.7 is not between 0 and 1"}
    assert troubled.faults == ()


def test_two_dashboards_on_one_world_see_and_undo_each_others_acts(live: Desk, troubled: World) -> None:
    first, second = shown(live), shown(Desk(Feed.of_world(troubled)))
    ask(first, do="inject", kind="lose", values={"targets": ["Store"]})
    second.refresh()
    assert second.pane.standing["undo"] == "each request of Store is lost"
    ask(second, do="undo")
    first.refresh()
    assert first.pane.standing["undo"] == ""


def test_a_world_that_was_closed_meanwhile_says_so(live: Desk, troubled: World) -> None:
    view = shown(live)
    bench_of(troubled).inject((lose("Store"),))
    troubled.close()
    assert "error" in ask(view, do="lift", number=1)
    view.refresh()
    assert not view.pane.standing["live"]
    assert "world.start" in view.pane.standing["code"]


def test_a_run_that_is_over_shows_its_plan_and_what_struck(desk: Desk) -> None:
    view = shown(desk)
    standing = view.pane.standing
    assert view.pane.catalogue == {}
    assert "over" in standing["note"]
    assert sum(row["strikes"] for row in standing["rows"]) > 0
    assert not any(row["on"] for row in standing["rows"])
    assert "error" in ask(view, do="inject", kind="lose", values={})


def test_plan_and_strikes_can_be_taken_away(live: Desk) -> None:
    view = shown(live)
    ask(view, do="inject", kind="lose", values={"targets": ["Store"]})
    made = {export.title: export.make().decode(errors="replace") for export in view.exports()}
    assert made["Faults, CSV"].splitlines()[0] == "number,kind,words,strikes,in_force"
    (fault,) = plan_from(json.loads(made["Plan, JSON"]))
    assert fault.target == "Store"
    assert made["Plan, cell"].startswith("%%scenario played")
