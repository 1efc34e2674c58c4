"""The command line: what it prints, and exit codes that CI can rely on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.cli.terminal import read_system
from studio.simulation.logbook import set_default_log
from studio.simulation.world import world
from studio.store import Log

if TYPE_CHECKING:
    from tests.conftest import Command

SHOP = """
from studio import Contract, S, Service

class Order(Contract):
    id: str

service = Service("Shop", version="1.0.0")

@service.operation(S.Shop.take)
async def take(order: Order) -> Order:
    return order

@service.health()
async def check() -> None: ...
"""
SCENARIO = """
from studio import S, Scenario, workload

scenario = Scenario("calm", duration="2s")
workload(S.Shop.take, rate_per_s=5)
"""


@pytest.fixture(autouse=True)
def forget_log() -> Iterator[None]:
    yield
    set_default_log(None)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "calm.py").write_text(SCENARIO)
    return tmp_path


def test_simulate_runs_every_scenario(command: Command, shop: Path) -> None:
    code, out, _ = command("simulate", shop, "--seed", "3")
    assert code == 0
    assert out.startswith("calm (seed 3, finished): 2 s of virtual time")


def test_simulate_without_a_scenario_is_no_success(command: Command, shop: Path) -> None:
    (shop / "calm.py").unlink()
    code, _, err = command("simulate", shop)
    assert code == 2
    assert err.startswith("STU530")


@pytest.mark.parametrize("name", ["simulate", "lint", "graph"])
@pytest.mark.parametrize("path", ["nowhere", "nowhere.ipynb", "nowhere.py"])
def test_a_path_that_is_not_there_is_said_to_be_so(command: Command, tmp_path: Path, name: str, path: str) -> None:
    code, _, err = command(name, tmp_path / path)
    assert code == 2
    assert "it is not there" in err


def test_a_folder_in_which_nothing_is_declared_is_refused(command: Command, tmp_path: Path) -> None:
    code, _, err = command("lint", tmp_path)
    assert code == 2
    assert err.startswith("STU524")


def test_lint_does_not_fail_for_notes(command: Command, shop: Path) -> None:
    (shop / "shop.py").write_text(SHOP.partition("@service.health")[0])
    code, out, _ = command("lint", shop)
    assert code == 0
    assert "ARC110 note" in out


def test_lint_fails_for_warnings(command: Command, shop: Path) -> None:
    (shop / "shop.py").write_text(SHOP.replace(', version="1.0.0"', ""))
    assert command("lint", shop)[0] == 1


def test_a_drawing_that_cannot_be_written_is_told_in_words(command: Command, shop: Path) -> None:
    code, _, err = command("graph", shop, "--svg", shop / "missing" / "shop.svg")
    assert code == 2
    assert err.startswith("STU911")


def test_an_authors_own_error_is_shown_from_its_line_on(command: Command, shop: Path) -> None:
    (shop / "helpers.py").write_text("# studio: module helpers\n# ---\nrate = 1 / 0\n")
    code, _, err = command("lint", shop)
    assert code == 2
    assert "helpers.py" in err
    assert err.endswith("ZeroDivisionError: division by zero\n")
    assert "studio/cli" not in err


def test_many_seeds_are_run_and_reported(command: Command, shop: Path) -> None:
    html, junit = shop / "report.html", shop / "report.xml"
    code, out, _ = command("simulate", shop, "--seeds", "3", "--first-seed", "4", "--html", html, "--junit", junit)
    assert code == 0
    assert out.startswith("calm under 3 seeds: ✓ every promise held")
    assert "seed 6" in junit.read_text()
    assert "calm" in html.read_text()


def test_seeds_that_break_a_promise_are_kept_and_run_again(command: Command, shop: Path) -> None:
    (shop / "never.py").write_text('from studio import Invariant\nInvariant("never", sql="select 1 as wrong")\n')
    code, out, _ = command("simulate", shop, "--seeds", "2", "--seeds-to", shop / "seeds.json")
    assert code == 1
    assert f"studio simulate {shop} --scenario calm --seed 1" in out
    assert command("simulate", shop, "--seeds-from", shop / "seeds.json")[1].startswith("calm under 2 seeds: ✗ 2")


def test_seeds_of_other_sources_are_refused(command: Command, shop: Path) -> None:
    (shop / "never.py").write_text('from studio import Invariant\nInvariant("never", sql="select 1 as wrong")\n')
    command("simulate", shop, "--seeds", "1", "--seeds-to", shop / "seeds.json")
    (shop / "never.py").unlink()
    assert command("simulate", shop, "--seeds-from", shop / "seeds.json")[2].startswith("STU543")
    assert command("simulate", shop, "--seeds-from", shop / "seeds.json", "--edited")[0] == 0


@pytest.mark.slow
def test_a_run_that_does_not_repeat_is_a_finding(command: Command, shop: Path) -> None:
    told = SHOP.replace("    return order", "    log.info(hex(id(order)))\n    return order")
    (shop / "shop.py").write_text(told.replace("Contract, S, Service", "Contract, S, Service, log"))
    code, out, _ = command("simulate", shop, "--check-determinism")
    assert code == 1
    assert out.startswith("STU545")
    assert "address or hash" in out


def test_a_log_without_runs_says_how_to_keep_some(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("runs", "list", "--log", tmp_path / "studio.duckdb")
    assert code == 0
    assert "holds no runs" in out
    assert list(tmp_path.iterdir()) == []


def test_runs_are_kept_listed_compared_and_deleted(command: Command, shop: Path) -> None:
    log = shop / "runs.duckdb"
    for seed in (1, 2):
        command("simulate", shop, "--seed", str(seed), "--log", log)
    assert command("runs", "list", "--log", log)[1].count("calm") == 2
    assert command("runs", "compare", "1", "2", "--log", log)[0] == 1
    assert command("runs", "delete", "1", "--log", log)[0] == 0
    assert command("runs", "list", "--log", log)[1].count("calm") == 1


def test_a_recorded_run_is_replayed_with_the_code_as_it_is(command: Command, shop: Path) -> None:
    log = shop / "runs.duckdb"
    command("simulate", shop, "--seed", "3", "--log", log)
    code, out, _ = command("runs", "replay", "1", shop, "--log", log)
    assert (code, out.splitlines()[-1]) == (0, "the records are those of run 1")
    (shop / "shop.py").write_text(SHOP.replace("return order", "raise ValueError(order)"))
    code, out, _ = command("runs", "replay", "1", shop, "--log", log)
    assert code == 1
    assert "ValueError" in out


def test_a_run_that_was_cut_off_is_replayed_as_far_as_it_was_recorded(command: Command, shop: Path) -> None:
    file = shop / "runs.duckdb"
    with world(system=read_system(shop), log=Log.open(file), scenario="calm", play=True) as played:
        while not len(played.run.messages):
            played.step()  # until something is under way
        recorded = Log.open(file).runs()[0].records
        code, out, _ = command("runs", "replay", "1", shop, "--log", file)
    assert code == 0
    assert out.splitlines()[-1] == f"its first {recorded} records are those of run 1, which was cut off there"


def test_runs_of_a_project_are_kept_where_it_says(command: Command, shop: Path) -> None:
    (shop / "pyproject.toml").write_text('[tool.studio]\nlog = "mine.duckdb"\n')
    assert command("simulate", shop)[0] == 0
    assert command("runs", "list", "--log", shop / "mine.duckdb")[1].count("calm") == 1


@pytest.mark.parametrize("name", ["new", "lab", "demo", "simulate", "lint", "graph", "export", "serve", "runs"])
def test_help_shows_an_example(command: Command, name: str) -> None:
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"Example: studio {name}" in out
