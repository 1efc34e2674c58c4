"""Where runs are recorded when nobody says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import studio
from studio.simulation.logbook import default_log, set_default_log
from studio.source.cell import cell_from_text
from studio.store.disk import FileShelf
from studio.store.volatile import MemoryShelf

SERVICE = """%%service Clock
@service.operation($.Clock.tell)
async def tell() -> int:
    return 7
"""
SCENARIO = """%%scenario ask --duration 1s
workload($.Clock.tell, [None, None][:{count}])
"""


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    set_default_log(None)
    yield
    set_default_log(None)


def test_runs_stay_in_memory_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert isinstance(default_log().shelf, MemoryShelf)


def test_project_names_its_log_for_the_folders_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.studio]\nlog = "studio.duckdb"\n')
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    shelf = default_log().shelf
    assert isinstance(shelf, FileShelf)
    assert shelf.file == tmp_path / "studio.duckdb"


def test_project_file_that_cannot_be_read_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.studio\n")
    monkeypatch.chdir(tmp_path)
    assert isinstance(default_log().shelf, MemoryShelf)


def test_chosen_log_counts_more_than_the_project(tmp_path: Path) -> None:
    set_default_log(tmp_path / "mine.duckdb")
    assert isinstance(default_log().shelf, FileShelf)


def ran(seed: int, count: int = 1) -> studio.Run:
    system = studio.System()
    for cell in (SERVICE, SCENARIO.format(count=count)):
        source = cell_from_text(cell)
        assert source is not None
        system.define(source)
    return studio.simulate("ask", system=system, seed=seed)


def test_runs_are_listed_compared_and_deleted() -> None:
    one, same, other = ran(1), ran(1), ran(1, count=2)
    assert studio.runs()["run"].to_list() == [one.number, same.number, other.number]
    assert studio.compare(one, same) is None
    difference = studio.compare(one.number, other.number)
    assert difference is not None
    assert difference.seq > 0
    studio.delete_runs(one.number)
    assert studio.runs()["run"].to_list() == [same.number, other.number]
    with pytest.raises(studio.StudioError):
        studio.delete_runs(one.number)
