"""Hunting from a notebook: the value, its card, and what a wrong line is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notebook.conftest import INVENTORY, SAGA, SHOP

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

SCENARIO = "%%scenario busy --duration 5s\nworkload($.Order.created, rate_per_s=2, like=Order)\n"
NEVER = "%%invariant never_an_order\nselect * from messages where address = 'Order.created'\n"


@pytest.fixture
def shop(notebook: Notebook) -> Notebook:
    for text in (SHOP, INVENTORY, SAGA, SCENARIO, NEVER):
        notebook.run(text)
    return notebook


def test_hunt_gives_what_was_found(shop: Notebook) -> None:
    found = shop.run("found = %hunt busy --runs 3 --kinds lose,crash\nfound")
    assert found.counterexample.invariant == "never_an_order"
    assert repr(found).startswith("Broken: never_an_order, without any fault, by 1 message")


def test_hunt_is_shown_as_a_card_that_says_how_to_go_on(shop: Notebook) -> None:
    html = shop.shell.display_formatter.format(shop.run("%hunt busy --runs 3"))[0]["text/html"]
    assert 'class="studio-card"' in html
    assert "✗ broke 1 promise" in html
    assert "What this rests on" in html
    assert "Keep it: " in html


def test_hunt_that_finds_nothing_says_that_it_is_no_proof(shop: Notebook) -> None:
    shop.run("%studio forget never_an_order")
    found = shop.run("%hunt busy --runs 4 --kinds latency")
    assert "That nothing broke is no proof" in shop.shell.display_formatter.format(found)[0]["text/html"]


def test_wrong_names_are_told_with_the_nearest(shop: Notebook) -> None:
    assert "Nearest: busy" in shop.fail("%hunt bussy")
    assert "lose" in shop.fail("%hunt busy --kinds los")
    assert "never_an_order" in shop.fail("%hunt busy --invariants never_a_order")
