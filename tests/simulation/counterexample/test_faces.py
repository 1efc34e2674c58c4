"""The faces of a counterexample: a story to read, a cell to run, a test to keep; all of them break the same promise."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from studio.graph.system import Build, System
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.kept import kept_beside, load, replay, retry
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text
from studio.source.directory import read
from studio.store import Log

CURE = ('json=charge.model_dump(mode="json")', 'json=charge.model_dump(mode="json"), headers={"Idempotency-Key": "k"}')


@pytest.fixture(scope="module")
def told(found: Counterexample) -> str:
    return found.story().text()


def mended(root: Path) -> Build:
    """The order system with its one-line cure."""
    sources = read(root / "simulations" / "orders")
    system = System()
    system.define_all(
        replace(each, body=each.body.replace(*CURE)) if each.name == "Payment" else each for each in sources
    )
    return system.build()


def test_story_says_promise_plan_and_violation(told: str) -> None:
    assert told.startswith("✗ one_charge_per_order is broken\n  charges 2, order_id order-1\n")
    assert "  ⚡ the 1st reply of cards is lost\n" in told


def test_story_fits_a_terminal(told: str) -> None:
    assert max(map(len, told.splitlines())) <= 120
    assert max(len(line) for line in told.splitlines() if "│" in line) <= 100


def test_story_names_the_first_event_that_differs(told: str) -> None:
    assert re.search(r"with: +the reply of cards POST /charges is lost \(at 7 ms\)", told)
    assert re.search(r"without: +the answer of cards POST /charges arrives: 201 \(at 8 ms\)", told)


def test_story_shows_both_charges_and_leaves_the_shipment_out(told: str) -> None:
    assert told.count("ledger: order_id order-1") == 2
    assert "Shipment" not in told


def test_picture_is_xml_without_scripts(found: Counterexample) -> None:
    svg = found.story().sequence.svg()
    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own
    assert "<script" not in svg


def test_cell_gives_the_same_run(found: Counterexample, root: Path) -> None:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    source = cell_from_text(found.cell())
    assert source is not None
    system.define(source)
    assert simulate(found.name, system=system, log=Log.memory()).sha256 == found.replay().sha256


def test_cell_reads_as_an_author_writes(found: Counterexample) -> None:
    cell = found.cell()
    assert 'lose("cards", leg="reply", occurrence=1)' in cell
    assert 'items=[Item(sku="tea", quantity=2)]' in cell
    assert cell.startswith("%%scenario one_charge_per_order_lose_reply_cards --duration 30s --check commits\n")


def test_saved_test_fails_now_and_passes_once_mended(found: Counterexample, root: Path, tmp_path: Path) -> None:
    orders = tmp_path / "orders"
    for file in (root / "simulations" / "orders").glob("*.py"):
        orders.mkdir(exist_ok=True)
        (orders / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    kept = found.save(tmp_path / "simulations", path=orders)
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(kept.parent)]
    now = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 failed" in now.stdout
    payment = orders / "payment.py"
    payment.write_text(payment.read_text(encoding="utf-8").replace(*CURE), encoding="utf-8")
    assert "1 passed" in subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path).stdout


def test_saving_again_changes_nothing(found: Counterexample, tmp_path: Path) -> None:
    first = found.save(tmp_path / "simulations")
    before = {file: file.stat().st_mtime_ns for file in first.parent.iterdir()}
    assert found.save(tmp_path / "simulations") == first
    assert {file: file.stat().st_mtime_ns for file in first.parent.iterdir()} == before


def test_what_was_edited_by_hand_is_not_overwritten(found: Counterexample, tmp_path: Path) -> None:
    first = found.save(tmp_path / "simulations")
    first.write_text("mine", encoding="utf-8")
    second = found.save(tmp_path / "simulations")
    assert first.read_text(encoding="utf-8") == "mine"
    assert second.name == f"{found.name}_2.json"


def test_what_is_kept_is_found_and_replayed(found: Counterexample, orders: Build, tmp_path: Path) -> None:
    file = found.save(tmp_path / "simulations")
    assert [each.counterexample for each in kept_beside(tmp_path / "shop.ipynb")] == [found]
    assert replay(file, system=orders).sha256 == found.replay().sha256


def test_what_is_kept_is_mended_by_the_cure(found: Counterexample, orders: Build, root: Path, tmp_path: Path) -> None:
    kept = load(found.save(tmp_path))
    assert not retry(kept, orders).is_mended
    assert retry(kept, mended(root)).is_mended


def test_what_cannot_be_run_any_more_says_why(found: Counterexample, orders: Build, tmp_path: Path) -> None:
    gone = replace(found, case=replace(found.case, scenario="gone"))
    assert "gone" in retry(load(gone.save(tmp_path)), orders).obstacle


def test_twins_share_what_is_kept_beside_them(root: Path) -> None:
    exhibit = root / "simulations" / "charged_twice"
    kept = kept_beside(exhibit / "broken")
    assert [each.name for each in kept] == ["one_charge_per_order_lose_reply_cards"]
    assert kept_beside(exhibit / "mended") == kept


def test_story_of_what_is_kept_does_not_say_how_to_keep_it(found: Counterexample) -> None:
    assert "Keep it with .save()" in found.story().text()
    assert "Keep it with .save()" not in found.story().text(is_kept=True)
