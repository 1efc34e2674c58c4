"""The tab Campaign, as objects: which campaign, which seeds, the way to a seed's run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.pieces.seed_grid import SeedGrid
from studio.dashboard.views import seed_runner
from studio.dashboard.views.campaign_view import CampaignView
from studio.dashboard.views.campaign_words import replay_line
from studio.errors import SeedNotRun
from studio.simulation.campaign.seed_result import SeedResult
from studio.simulation.case import Case
from studio.store import Log
from tests.dashboard.views.order_runs import desk_of, order_feed


@pytest.fixture
def view() -> CampaignView:
    shown = CampaignView(desk_of())
    shown.body()
    shown.refresh()
    return shown


def test_every_seed_has_a_cell_and_its_state(view: CampaignView) -> None:
    assert view.grid.seeds == [0, 1, 2, 3]
    assert len(view.grid.states) == 4
    assert set(view.grid.states) <= set("hfea")


def test_the_verdict_and_the_tables_are_told(view: CampaignView) -> None:
    assert "4" in view.head.html
    for title in ("Promises", "Sagas", "Time taken"):
        assert title in view.tables.html


def test_a_clicked_seed_is_told_with_what_repeats_it(view: CampaignView) -> None:
    view.grid._handle_msg({"kind": "choose", "seed": 2})  # noqa: SLF001 - as the browser sends it
    assert view.desk.seed == 2
    view.refresh()
    assert view.story.visible
    assert "%simulate payment_outage --seed 2 --duration 3s" in view.story.html


def test_a_seed_that_was_not_run_is_said_so(view: CampaignView) -> None:
    view.desk.go(seed=99)
    view.refresh()
    assert "did not run seed 99" in view.story.html


def test_a_seed_is_run_again_in_a_process_of_its_own_and_opened(
    view: CampaignView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed_runner, "run_seed", lambda build, case, log: case.seed + 1)
    view.desk.go(seed=1)
    view.refresh()
    if "Run this seed now" not in view.story.html:
        pytest.skip("its run was kept")
    view.run_seed("1")
    assert view.runner.under_way is not None
    view.runner.under_way.wait()
    view.runner.news()
    assert (view.desk.tab, view.desk.run) == ("traces", 2)


def test_a_seed_that_left_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Idle:
        def __init__(self, **_: object) -> None: ...

        def results(self, *_: object) -> object:
            yield SeedResult(3, error="STU1", error_text="it is broken")

    monkeypatch.setattr(seed_runner, "Crew", Idle)
    build = order_feed().build
    assert build is not None
    with pytest.raises(SeedNotRun, match="it is broken"):
        seed_runner.run_seed(build, Case("payment_outage", 3), Log.memory())


def test_no_campaign_says_how_to_run_one(tmp_path: Path) -> None:
    view = CampaignView(Desk(Feed.of_log(Log.memory())))
    body = view.body()
    view.refresh()
    assert "No campaign yet" in body[0].object
    assert "--seeds" in body[0].object
    assert view.exports() == ()


def test_seeds_are_taken_away_as_tables(view: CampaignView) -> None:
    made: dict[str, Callable[[], bytes]] = {each.title: each.make for each in view.exports()}
    assert made["Seeds, CSV"]().count(b"\n") == 5
    assert not any(each.is_of_run for each in view.exports())
    assert all(each.name.startswith("campaign-1-") for each in view.exports())


def test_the_replay_line_says_what_differs_from_the_declared_scenario() -> None:
    assert replay_line("", "storm", 3) == "%simulate storm --seed 3"
    assert replay_line("{}", "storm", 3) == "%simulate storm --seed 3"
    case = Case("storm", 3, bus="kafka", duration_ns=90_000_000_000)
    assert replay_line(case.as_json(), "storm", 3).endswith("--bus kafka")


def test_ten_thousand_seeds_are_one_message() -> None:
    chosen: list[int] = []
    grid = SeedGrid(chosen.append)
    grid.fill([(seed, "failed" if seed % 100 == 0 else "held") for seed in range(10_000)], {0: "a note"})
    assert (len(grid.seeds), grid.states.count("f")) == (10_000, 100)
    assert grid.notes == {"0": "a note"}
