"""The cards of time travel say what stood, and what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.graph.system import System
from studio.notebook.cards.hypertext import card_html
from studio.notebook.cards.travel_card import difference_card, moment_card
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.simulation.travel.diff import diff
from studio.source.directory import read
from studio.store import Log


@pytest.fixture(scope="module")
def run(root: Path) -> Run:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return simulate("lost_reply", system=system, log=Log.memory())


def test_moment_shows_sagas_work_and_collections(run: Run) -> None:
    text = repr(moment_card(run.at("1s")))
    for words in (
        "OrderProcessing/order-1",
        "process_payment intent",
        "external cards POST /charges",
        "Inventory.stock",
    ):
        assert words in text


def test_difference_shows_both_sides_and_effects(run: Run) -> None:
    struck = int(run.sql("select min(seq) as seq from faults")["seq"][0])
    card = difference_card(diff(run, run.fork(at=struck - 5, faults=[])))
    text = repr(card)
    for words in ("the reply of cards POST /charges is lost", "one_charge_per_order", "✓ held"):
        assert words in text
    assert "<table>" in card_html(card)


def test_no_difference_is_said(run: Run) -> None:
    assert "✓ the same happened" in repr(difference_card(diff(run, run)))
