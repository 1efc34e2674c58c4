"""Kept counterexamples on the command line: all of them, or one; exit code 1 while one still fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from studio.cli.cases import run_case, run_kept
from studio.cli.terminal import read_system
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.simulate import simulate
from studio.store import Log

CURE = ('json=charge.model_dump(mode="json")', 'json=charge.model_dump(mode="json"), headers={"Idempotency-Key": "k"}')


@pytest.fixture
def orders(root: Path, tmp_path: Path) -> Path:
    """The order system in a folder of its own, with the counterexample kept in it."""
    place = tmp_path / "orders"
    shutil.copytree(root / "simulations" / "orders", place, ignore=shutil.ignore_patterns("__pycache__"))
    build = read_system(place).build()
    run = simulate("lost_reply", system=build, log=Log.memory())
    assert run.case is not None
    Counterexample.of(build, run.case, "one_charge_per_order", run).save(place / "simulations", path=place)
    return place


def test_kept_counterexamples_fail_until_mended(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kept(read_system(orders), orders) == 1
    assert "✗ still fails: one_charge_per_order is broken" in capsys.readouterr().out
    payment = orders / "payment.py"
    payment.write_text(payment.read_text(encoding="utf-8").replace(*CURE), encoding="utf-8")
    assert run_kept(read_system(orders), orders) == 0
    assert capsys.readouterr().out.endswith("1 of 1 mended\n")


def test_one_case_tells_its_story(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = (orders / "simulations").glob("*.json")
    assert run_case(read_system(orders), file) == 1
    assert "⚡ the 1st reply of cards is lost" in capsys.readouterr().out


def test_nothing_kept_is_nothing_failing(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kept(read_system(root / "simulations" / "orders"), tmp_path / "shop.ipynb") == 0
    assert "no counterexamples are kept" in capsys.readouterr().out
