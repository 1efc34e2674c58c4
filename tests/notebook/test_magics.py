"""What the magics accept, refuse, explain and complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studio.notebook.arguments import MAGICS, help_text, parse_arguments
from studio.source.options import KINDS
from tests.notebook.conftest import INVENTORY, SAGA, SHOP

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%%service Inventory --bogus 1\nx = 1", "STU204"),
        ("%%service Inventory --replicas none\nx = 1", "STU205"),
        ("%%service\nx = 1", "STU203"),
        ("%%servce Inventory\nx = 1", "STU902"),
        ("%%service Inventory", "STU903"),
        ("%simulat outage", "STU902"),
        ("%service Inventory", "STU902"),
        ("%simulate", "STU901"),
        ("%simulate a b", "STU901"),
        ("%simulate a --seed x", "STU205"),
        ("%simulate a --seeds 0", "STU205"),
        ("%simulate a --duration soon", "STU205"),
        ("%simulate a --sed 1", "STU204"),
        ("%simulate 'a", "STU206"),
        ("%studio forgt x", "STU901"),
        ("%studio forget", "STU901"),
        ("%studio forget nothing", "STU313"),
        ("%graph", "STU905"),
        ("%trace", "STU904"),
    ],
)
def test_bad_magic_is_an_error_with_a_code(notebook: Notebook, cell: str, code: str) -> None:
    assert notebook.fail(cell).startswith(f"{code}: ")


def test_unknown_cell_magic_names_the_nearest(notebook: Notebook) -> None:
    assert "Nearest: %%service" in notebook.fail("%%servce X\n1")


def test_cell_magic_written_as_a_line_names_the_other_form(notebook: Notebook) -> None:
    assert "Write `%%service`" in notebook.fail("%service X")


def test_magic_line_is_not_expanded_by_the_shell(notebook: Notebook) -> None:
    notebook.run("Order = 'text'")
    notebook.run("%%contracts shop\nclass Paid(Contract):\n    id: str\nevent($.Order.paid, Paid, key='id')")
    notebook.run("%%saga Pay --on $.Order.paid\n@saga.step\nasync def pay(paid: Paid) -> None: ...")
    assert notebook.session.system.graph.sagas["Pay"].on == "Order.paid"


@pytest.mark.parametrize("kind", KINDS)
def test_help_of_a_cell_magic_shows_its_options(notebook: Notebook, kind: str) -> None:
    notebook.run(f"%%{kind}?")
    shown = notebook.shown.readouterr().out
    assert f"%%{kind}" in shown
    assert all(
        f"--{option.name.replace('_', '-')}" in shown
        for declared in KINDS.values()
        if declared.kind == kind
        for option in declared.options
    )


@pytest.mark.parametrize("name", MAGICS)
def test_help_of_a_line_magic_shows_its_declaration(notebook: Notebook, name: str) -> None:
    notebook.run(f"%{name}?")
    assert MAGICS[name].summary in notebook.shown.readouterr().out


@pytest.mark.parametrize("name", MAGICS)
def test_example_in_the_help_is_right(name: str) -> None:
    magic = MAGICS[name]
    assert magic.example in help_text(magic)
    parse_arguments(magic, magic.example.partition(f"%{name}")[2])


def test_arguments_not_given_are_none() -> None:
    values = parse_arguments(MAGICS["simulate"], "outage --seed=7  # again")
    assert values == {"name": "outage", "seed": 7, "seeds": None, "workers": None, "duration": None, "bus": None}


def test_status_shows_what_is_declared_and_where(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run(INVENTORY)
    text = repr(notebook.run("%studio"))
    assert "service    Inventory  In[2]  shop  stands" in text


def test_unloading_takes_the_magics_away(notebook: Notebook) -> None:
    notebook.run("%unload_ext studio")
    assert not set(KINDS) & set(notebook.shell.magics_manager.magics["cell"])
    assert "S" not in notebook.shell.user_ns


def test_loading_twice_loads_once(notebook: Notebook) -> None:
    before = notebook.session
    notebook.run("%load_ext studio")
    assert notebook.session is before
    assert len(notebook.shell.Completer.custom_matchers) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = $.Ord", ["Order"]),
        ("x = $.Order.cr", ["created"]),
        ("x = S.Inventory.", ["reserve"]),
        ("%%service Inventory --rep", ["--replicas"]),
        ("%%service Inventory --kind co", ["command"]),
        ("%%saga Other --on $.Order.c", ["created"]),
        ("%%service Inv", ["Inventory"]),
        ("%studio fo", ["forget"]),
        ("%studio forget Inv", ["Inventory"]),
        ("%simulate qu", ["quiet"]),
        ("run = %simulate quiet --seeds 3 --du", ["--duration"]),
        ("Inventory.re", ["reserve"]),
        ("%%service Other\nservice.oper", ["operation", "operations", "operation_named"]),
        ("%%service Other\nRetr", ["Retry"]),
    ],
)
def test_completion(notebook: Notebook, text: str, expected: list[str]) -> None:
    for cell in (SHOP, INVENTORY, SAGA, "%%scenario quiet\nworkload($.Order.created, count=1)"):
        notebook.run(cell)
    found = [each.rpartition(".")[2] for each in notebook.completions(text)]
    assert set(expected) <= set(found)
    assert len(found) < 10
