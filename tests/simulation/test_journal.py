"""Where runs are recorded when nobody says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.simulation.journal import default_log, set_default_log
from studio.store.file import FileShelf
from studio.store.memory import MemoryShelf


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
    assert isinstance(shelf, FileShelf) and shelf.file == tmp_path / "studio.duckdb"


def test_project_file_that_cannot_be_read_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.studio\n")
    monkeypatch.chdir(tmp_path)
    assert isinstance(default_log().shelf, MemoryShelf)


def test_chosen_log_counts_more_than_the_project(tmp_path: Path) -> None:
    set_default_log(tmp_path / "mine.duckdb")
    assert isinstance(default_log().shelf, FileShelf)
