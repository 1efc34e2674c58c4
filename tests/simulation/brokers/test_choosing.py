"""The delivery model is chosen by the scenario's line, on the command line, or for a world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.cli import app, run
from studio.errors import BadOption, UnknownBus
from studio.graph.system import System
from studio.source.cell import cell_from_text


def scenario(line: str) -> Any:
    system = System()
    source = cell_from_text(f"%%scenario busy {line}\n")
    assert source is not None
    system.define_all([source])
    return system.build().graph.scenarios["busy"]


def test_a_cells_line_names_the_model() -> None:
    assert scenario("--bus kafka").bus == "kafka"
    assert scenario("").bus == "jetstream"


def test_a_cells_line_refuses_what_is_none() -> None:
    with pytest.raises(BadOption, match="is none of jetstream, rabbitmq, kafka"):
        scenario("--bus pigeon")


def test_a_world_refuses_what_is_none(play: Any) -> None:
    with pytest.raises(UnknownBus, match="world: bus=pigeon"):
        play("%%service Listener\n", bus="pigeon")


def test_the_command_line_takes_a_model(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", str(root / "simulations" / "orders"), "--scenario", "calm", "--duration", "2s"]
    with pytest.raises(SystemExit) as ended:
        run(app, [*words, "--bus", "kafka", "--log", str(tmp_path / "log.duckdb")])
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        run(app, [*words, "--bus", "kafa", "--log", str(tmp_path / "log.duckdb")])
    assert ended.value.code == 2
    assert "STU580" in capsys.readouterr().err
