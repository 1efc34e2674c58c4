"""The card of a counterexample: everything the engineer needs to see, in HTML and in text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.graph.system import System
from studio.model.faults.network_faults import lose
from studio.notebook.cards.card import Card
from studio.notebook.cards.counterexample_card import counterexample_card
from studio.notebook.cards.hypertext import card_html
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.simulate import simulate
from studio.source.directory import read
from studio.store import Log


@pytest.fixture(scope="module")
def found(root: Path) -> Counterexample:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    build = system.build()
    run = simulate("lost_reply", system=build, log=Log.memory())
    assert run.case is not None
    return Counterexample.of(build, run.case, "one_charge_per_order", run)


@pytest.fixture(scope="module")
def card(found: Counterexample) -> Card:
    return counterexample_card(found)


def test_card_says_what_is_broken_what_it_takes_and_how_to_keep_it(card: Card) -> None:
    text = repr(card)
    for words in ("✗ broken", "⚡ the 1st reply of cards is lost", "answer is lost", "with them", "found.save()"):
        assert words in text


def test_card_is_markup_without_scripts(card: Card) -> None:
    html = card_html(card)
    assert "<script" not in html
    assert "<details>" in html


def test_card_of_what_cannot_be_run_says_why(found: Counterexample) -> None:
    gone = replace(found, case=replace(found.case, scenario="gone", plan=(lose("cards"),)))
    text = repr(counterexample_card(gone))
    assert "It cannot be run here: STU" in text
    assert "⚡ each request of cards is lost" in text
