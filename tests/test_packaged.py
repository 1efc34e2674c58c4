"""What a package does when it runs: its command, and what its tests compare."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from studio.errors import NoPackage
from studio.export.package import export_package
from studio.graph.system import System
from studio.model.faults.network_faults import lose
from studio.packaged import Package, run_command
from studio.simulation.case import Case
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.replay import kept_texts, replay_all, retry_all
from studio.source.cell import cell_from_text

CELLS = (
    "%%contracts c\nclass Order(Contract):\n    id: str\n\nevent($.Order.created, Order, key='id')",
    """%%service Tally
seen = service.collection("seen", Order, key="id")

@service.on($.Order.created)
async def count(order: Order) -> None:
    await seen.put(order)

@service.get("/seen/{id}")
async def read(id: str) -> Order | None:
    return await seen.get(id)
""",
    "%%scenario calm --duration 2s\nworkload($.Order.created, [Order(id='order-1')])",
    "%%invariant counted --eventually\nselect 1 as missing where not exists (select 1 from deliveries)",
    "%%invariant never\nselect 1 as wrong where false",
)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """Return a package with one scenario, its records kept."""
    system = System()
    for text in CELLS:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    export_package(system, tmp_path / "tally", replays=replay_all)
    return Package(tmp_path / "tally" / "tally")


def edit(package: Package, path: str, old: str, new: str) -> Package:
    file = package.folder / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return Package(package.folder)


def command(package: Package, *arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        run_command(package.folder, name="tally", version="0.1.0", arguments=list(arguments))
    return ended.value.code


def test_as_exported_it_gives_the_same_records(package: Package) -> None:
    assert package.scenarios == ["calm"]
    assert package.change == ""
    assert package.difference("calm") == ""


def test_records_that_differ_without_any_change_are_told(package: Package) -> None:
    kept = package.expected["scenarios"]["calm"]["records"]
    edited = edit(package, "simulations/expected.json", kept, "0" * 64)
    assert "Something in it is not decided by the seed" in edited.difference("calm")


def test_after_an_edit_records_may_differ_and_outcomes_may_not(package: Package) -> None:
    slower = edit(package, "services/tally.py", "await seen.put", "await seen.query()\n    await seen.put")
    assert slower.change == "sources were edited"
    assert slower.difference("calm") == ""


def test_the_first_outcome_that_differs_is_named(package: Package) -> None:
    broken = edit(package, "simulations/never.sql", "where false", "where true")
    assert broken.difference("calm") == ("scenario calm: never: held → violated (sources were edited since the export)")


def test_a_scenario_that_is_gone_is_told(package: Package) -> None:
    (package.folder / "simulations" / "calm.py").unlink()
    assert Package(package.folder).difference("calm") == "scenario calm is gone"


def test_another_studio_compares_outcomes(package: Package) -> None:
    older = edit(package, "simulations/expected.json", '"studio": "', '"studio": "0.0.9-')
    assert older.change.startswith("studio 0.0.9-")
    assert older.difference("calm") == ""


@pytest.mark.parametrize("text", ["", "[]", '{"scenarios": 1}'])
def test_a_folder_without_what_export_keeps_is_no_package(package: Package, text: str) -> None:
    (package.folder / "simulations" / "expected.json").write_text(text)
    with pytest.raises(NoPackage, match="STU710"):
        _ = package.expected


def test_routes_are_those_of_the_document(package: Package) -> None:
    kept = json.loads((package.folder.parent / "openapi.json").read_text())
    assert package.routes() == package.routes(kept) == ["GET /seen/{id}", "POST /events/Order.created"]


def test_simulate_says_what_differs_and_accept_takes_it(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(package, "simulate") == 0
    broken = edit(package, "simulations/never.sql", "where false", "where true")
    assert command(broken, "simulate") == 1
    assert command(broken, "simulate", "--accept") == 0
    assert capsys.readouterr().out.splitlines() == [
        "scenario calm: as at export (counted held, never held)",
        "scenario calm: never: held → violated (sources were edited since the export)",
        "scenario calm: as at export (counted held, never violated)",
    ]


def test_help_shows_an_example(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(package, "--help") == 0
    assert "Example: tally --port 8000" in capsys.readouterr().out


def test_openapi_prints_the_document(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(package, "openapi") == 0
    assert capsys.readouterr().out == (package.folder.parent / "openapi.json").read_text()


def test_an_unreadable_package_is_wrong_usage(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    edit(package, "services/tally.py", "async def count", "async def")
    assert command(package, "simulate") == 2
    assert "STU210" in capsys.readouterr().err


LOST = Counterexample(Case("calm", plan=(lose("Order.created", leg="acknowledgement"),)), "never", ("{}",))


@pytest.fixture
def keeping(tmp_path: Path) -> Package:
    """Return a package that was exported with a counterexample, from a folder that keeps others, too."""
    system = System()
    system.define_all(source for text in CELLS if (source := cell_from_text(text)) is not None)
    LOST.save(tmp_path / "simulations", path=tmp_path)
    (tmp_path / "simulations" / "notes.json").write_text("{}")
    Counterexample(Case("gone"), "never", ("{}",)).save(tmp_path / "simulations", path=tmp_path)
    kept = kept_texts(tmp_path, system)
    for name in ("one", "tally"):
        export_package(system, tmp_path / name, replays=replay_all, retries=retry_all, kept=kept, name="tally")
    return Package(tmp_path / "tally" / "tally")


def test_kept_counterexamples_travel_with_the_package(keeping: Package) -> None:
    assert keeping.counterexamples == [LOST.name]
    path = f"tally/simulations/{LOST.name}.json"
    assert (keeping.folder.parent / path).read_text() == LOST.as_json()
    manifest = json.loads((keeping.folder.parent / "manifest.json").read_text())
    assert path in manifest["files"]
    assert (keeping.folder.parents[1] / "one" / "manifest.json").read_text() == json.dumps(manifest, indent=2) + "\n"


def test_kept_counterexample_that_breaks_its_promise_again_is_told(keeping: Package) -> None:
    assert keeping.broken(LOST.name) == ""
    broken = edit(keeping, "simulations/never.sql", "where false", "where true")
    assert broken.broken(LOST.name) == f"counterexample {LOST.name}: violated"
    assert not broken.was_broken(LOST.name)
    assert command(broken, "simulate") == 1


def test_accepted_break_is_expected_from_then_on(keeping: Package, capsys: pytest.CaptureFixture[str]) -> None:
    broken = edit(keeping, "simulations/never.sql", "where false", "where true")
    assert command(broken, "simulate", "--accept") == 0
    assert broken.was_broken(LOST.name)
    assert f"counterexample {LOST.name}: violated as at export" in capsys.readouterr().out


def test_the_packages_own_tests_hold_its_counterexamples(keeping: Package) -> None:
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_simulations.py"]
    result = subprocess.run(arguments, cwd=keeping.folder.parent, capture_output=True, text=True, check=False)
    assert "2 passed" in result.stdout, result.stdout
