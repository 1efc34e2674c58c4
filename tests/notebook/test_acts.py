"""Running scenarios, looking at traces, drawing, linting and exporting from a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from studio.notebook.cards.run_card import run_card
from studio.notebook.progress import ProgressLine
from tests.notebook.conftest import INVENTORY, SAGA, SHOP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.notebook.conftest import Notebook

SCENARIO = "%%scenario busy --duration 5s\nworkload($.Order.created, rate_per_s=2, like=Order)\n"
NEVER = "%%invariant never_an_order\nselect * from messages where address = 'Order.created'\n"


@pytest.fixture
def shop(notebook: Notebook) -> Notebook:
    for text in (SHOP, INVENTORY, SAGA, SCENARIO):
        notebook.run(text)
    return notebook


def test_simulate_gives_the_run(shop: Notebook) -> None:
    run = shop.run("run = %simulate busy --seed 7\nrun")
    assert (run.scenario, run.seed, run.status) == ("busy", 7, "finished")


def test_quick_work_shows_no_progress(shop: Notebook) -> None:
    shop.shown.readouterr()
    shop.run("run = %simulate busy --duration 1s")
    assert shop.shown.readouterr().out == ""


def test_run_is_shown_as_a_card_with_its_replay(shop: Notebook) -> None:
    run = shop.run("%simulate busy --seed 7")
    html = shop.shell.display_formatter.format(run)[0]["text/html"]
    assert 'class="studio-card"' in html
    assert "%simulate busy --seed 7" in html


def test_broken_promise_is_in_words_and_sign(shop: Notebook) -> None:
    shop.run(NEVER)
    run = shop.run("%simulate busy --seed 7")
    html = shop.shell.display_formatter.format(run)[0]["text/html"]
    assert "✗ broke 1 promise" in html


def test_several_seeds_say_which_break_a_promise(shop: Notebook) -> None:
    shop.run(NEVER)
    text = repr(shop.run("%simulate busy --seed 3 --seeds 2"))
    assert text.startswith("busy under 2 seeds: ✗ 2 broke a promise")
    assert "%simulate busy --seed 4" in text


def test_replay_of_a_seed_repeats_the_duration(shop: Notebook) -> None:
    shop.run(NEVER)
    assert "%simulate busy --seed 0 --duration 2s" in repr(shop.run("%simulate busy --seeds 1 --duration 2s"))


def test_replay_of_a_run_with_faults_of_its_own_repeats_them(shop: Notebook) -> None:
    run = shop.run('studio.simulate("busy", seed=7, faults=[duplicate($.Order.created)])')
    assert "studio.simulate(run.case)" in repr(run_card(run))


def test_campaign_is_shown_as_a_card(shop: Notebook) -> None:
    shop.run(NEVER)
    html = shop.shell.display_formatter.format(shop.run("%simulate busy --seeds 1 --duration 1s"))[0]["text/html"]
    assert "✗ broken by 1 seed" in html
    assert "%simulate busy --seed 0 --duration 1s" in html


def test_campaign_that_is_stopped_shows_what_is_done(shop: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.notebook.acts.progress_of", StoppedAtOnce)
    shown = shop.fail("%simulate busy --seeds 3 --duration 1s")
    assert shown.startswith("busy under 1 seed: ✓ every promise held")
    assert "Interrupted: stopped after 1 of 3 seeds; campaign " in shown


def test_several_seeds_without_a_violation_are_no_proof(shop: Notebook) -> None:
    assert "not yet a proof" in repr(shop.run("%simulate busy --seeds 2 --duration 1s"))


def test_unknown_scenario_names_the_nearest(shop: Notebook) -> None:
    assert "Nearest: busy" in shop.fail("%simulate bussy")


def test_interrupted_run_is_told_in_one_line_and_traced(shop: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.notebook.acts.progress_of", StoppedAtOnce)
    shown = shop.fail("%simulate busy")
    assert shown.startswith("Interrupted: stopped at ")
    assert shown.endswith("\n  Look at it with `run = studio.latest()`.\n")


def test_trace_of_the_latest_run(shop: Notebook) -> None:
    shop.run("%simulate busy --seed 7")
    assert "Inventory.reserve" in str(shop.run("%trace"))


def test_trace_of_a_world_played_by_hand(shop: Notebook) -> None:
    shop.run("world = studio.world(seed=1)\nworld.send($.Order.created, Order(id='a'))\nworld.settle()")
    assert "Order.created" in str(shop.run("%trace a"))


def test_graph_draws_the_system(shop: Notebook) -> None:
    assert "Inventory" in repr(shop.run("%graph"))


def test_lint_shows_findings_with_code_and_hint(shop: Notebook) -> None:
    shop.run("%%service Idle\nx = 1\n")
    text = repr(shop.run("%lint"))
    assert "▲ warning" in text
    assert "service Idle" in text


def test_warning_about_a_cell_is_on_its_card(shop: Notebook) -> None:
    assert "Findings" in repr(shop.run("%%service Idle\nx = 1\n"))


def test_export_passes_on_what_is_asked(shop: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("studio.export.package.export_package", recorder(asked))
    shop.run(f"%export '{tmp_path}/my shop' --name shop --force")
    (args, options) = asked[0]
    assert args == (shop.session.system, tmp_path / "my shop")
    assert (options["name"], options["force"]) == ("shop", True)


def test_progress_line_says_share_and_detail() -> None:
    assert ProgressLine("busy").text(0.5, "7 records") == f"busy  {'━' * 12}{'╌' * 12}   50%  7 records"


def recorder(asked: list[Any]) -> Callable[..., None]:
    def record(*args: Any, **options: Any) -> None:
        asked.append((args, options))

    return record


class StoppedAtOnce(ProgressLine):
    """Stand for an author who presses stop when the first progress is told."""

    def show(self, share: float, detail: str) -> None:
        raise KeyboardInterrupt
