"""What running, renaming, breaking and forgetting cells does to the system and to the notebook's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studio.simulation.current import current_system

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

from tests.notebook.conftest import INVENTORY, SAGA, SHOP


def test_contracts_are_names_of_ordinary_cells(notebook: Notebook) -> None:
    notebook.run(SHOP)
    assert notebook.run("Order(id='a').total") == 0


def test_handles_are_names_of_ordinary_cells(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run(INVENTORY)
    assert repr(notebook.run("Inventory.reserve")) == "Inventory.reserve"


def test_dollar_is_an_address_in_ordinary_cells(notebook: Notebook) -> None:
    assert repr(notebook.run("$.Order.created")) == "S.Order.created"


def test_dollar_stays_in_strings_and_shell_lines(notebook: Notebook) -> None:
    assert notebook.run("'$.Order.created'") == "$.Order.created"


def test_running_a_cell_again_replaces_what_it_declared(notebook: Notebook) -> None:
    notebook.run(SHOP, "a")
    notebook.run(INVENTORY, "b")
    notebook.run(INVENTORY.replace("1.2.0", "1.3.0"), "b")
    assert notebook.session.system.graph.services["Inventory"].version == "1.3.0"


def test_renaming_a_service_in_its_cell_forgets_the_old_one(notebook: Notebook) -> None:
    notebook.run(SHOP, "a")
    notebook.run(INVENTORY, "b")
    card = notebook.run(INVENTORY.replace("Inventory", "Stock"), "b")
    assert list(notebook.session.system.graph.services) == ["Stock"]
    assert "Inventory" not in notebook.shell.user_ns
    assert "Forgot service Inventory, which this cell declared before." in card.notes


def test_broken_cell_leaves_the_last_good_declaration_and_says_so(notebook: Notebook) -> None:
    notebook.run(SHOP, "a")
    notebook.run(INVENTORY, "b")
    shown = notebook.fail("%%service Inventory\ndef f(:\n", "b")
    assert "The last good declaration of service Inventory stands." in shown
    assert "Inventory.reserve" in notebook.session.system.graph.operations


def test_broken_magic_line_leaves_what_its_cell_declared(notebook: Notebook) -> None:
    notebook.run(SHOP, "a")
    notebook.run(INVENTORY, "b")
    assert "declaration of service Inventory stands" in notebook.fail(INVENTORY.replace("--version", "--vrsion"), "b")


def test_another_cell_of_the_same_name_is_named(notebook: Notebook) -> None:
    notebook.run(SHOP, "a")
    notebook.run(INVENTORY, "b")
    card = notebook.run(INVENTORY, "c")
    assert card.notes == ("Replaces what another cell declared (In[2]).",)


def test_users_are_executed_again_and_told(notebook: Notebook) -> None:
    for text in (SHOP, INVENTORY, SAGA):
        notebook.run(text)
    card = notebook.run(SHOP.replace("id: str", "id: str = 'none'"))
    assert card.notes == ("Executed again, since they use it: Inventory and Processing.",)


def test_users_that_do_not_fit_any_more_are_told(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run(INVENTORY)
    card = notebook.run(SHOP.replace("Reservation", "Booking"))
    assert card.notes[0].startswith("Inventory does not fit any more: STU212")


def test_name_of_an_ordinary_cell_is_refused_with_its_cell(notebook: Notebook) -> None:
    notebook.run("helper = 3")
    shown = notebook.fail("%%module tools\ntwice = helper * 2\n")
    assert "STU213: name=helper is defined only in an ordinary cell (In[1])" in shown
    assert "%%module" in shown


def test_forgetting_takes_the_names_away_and_tells_who_used_them(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run(INVENTORY)
    card = notebook.run("%studio forget shop")
    assert "Order" not in notebook.shell.user_ns
    assert card.notes[0] == "Forgot contracts shop."
    assert card.notes[1].startswith("Inventory does not fit any more")


def test_name_that_the_author_gave_another_meaning_stays(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run("Order = 'mine'")
    notebook.run("%studio forget shop")
    assert notebook.run("Order") == "mine"


def test_reset_forgets_everything_but_ordinary_names(notebook: Notebook) -> None:
    notebook.run("mine = 1")
    notebook.run(SHOP)
    notebook.run("%studio reset")
    assert notebook.run("mine") == 1
    assert notebook.session.system.definitions == {}


def test_the_notebook_is_the_current_system(notebook: Notebook) -> None:
    assert current_system() is notebook.session.system


def test_variable_of_the_author_is_not_overwritten_by_the_prelude(notebook: Notebook) -> None:
    notebook.run("%unload_ext studio")
    notebook.run("log = 'mine'")
    notebook.run("%load_ext studio")
    assert notebook.run("log") == "mine"


def test_cell_that_failed_is_in_the_status_and_can_be_forgotten(notebook: Notebook) -> None:
    notebook.fail("%%service Wrong\nx = (")
    assert "failed: STU210" in repr(notebook.run("%studio"))
    assert "Forgot the cell of Wrong, which failed." in repr(notebook.run("%studio forget Wrong"))
    assert "Wrong" not in repr(notebook.run("%studio"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("workload($.Order.created, rate_per_s=1, nme='x')", "Order has no field nme (line 1). Nearest: id, total"),
        ("workload($.Order.created, rate_per_s=1, skew={'customer.id': Zipf(1.1)})", "no field customer.id"),
        ("crash('Payment', at='1s')", "target=Payment does not exist"),
    ],
)
def test_scenario_says_at_once_what_keeps_it_from_running(notebook: Notebook, line: str, told: str) -> None:
    notebook.run(SHOP)
    notebook.run("%%service Payment2\nx = 1")
    card = repr(notebook.run(f"%%scenario late\n{line}"))
    assert "It cannot be run yet: " in card
    assert told in card
