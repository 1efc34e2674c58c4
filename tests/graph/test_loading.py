"""A system is read from a path, beside whatever else is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

import studio
from studio.errors import EmptySystem, UnreadableFile

SERVICE = 'from studio import S, Service\n\nservice = Service("{0}")\n\n\n@service.job("0 0 * * *")\n'
SERVICE += "async def tidy() -> None: ...\n"


def test_a_folder_and_a_module_are_loaded_alike(tmp_path: Path) -> None:
    (tmp_path / "stock.py").write_text(SERVICE.format("Stock"))
    assert list(studio.load(tmp_path).graph.services) == ["Stock"]
    assert list(studio.load(str(tmp_path / "stock.py")).graph.services) == ["Stock"]


def test_each_load_is_a_system_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "stock.py").write_text(SERVICE.format("Stock"))
    first, second = studio.load(tmp_path), studio.load(tmp_path)
    assert first is not second
    assert first.build().digest == second.build().digest


def test_what_declares_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptySystem):
        studio.load(tmp_path)
    with pytest.raises(UnreadableFile):
        studio.load(tmp_path / "nowhere")
