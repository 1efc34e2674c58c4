"""What the sidebar is told: everything declared, where it stands, what was found, what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from studio.graph.system import System
from studio.lab.inventory import Inventories, inventory
from studio.simulation.counterexample.kept import remembered
from studio.simulation.hunting.hunt import hunt
from tests.notebook.conftest import INVENTORY, SAGA, SHOP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.conftest import Notebook

FLAKY = """%%service Till --version 1.0.0
@service.operation($.Till.charge)
async def charge(order: Order) -> Reservation:
    return Reservation(order_id=order.id)

@service.on($.Order.created)
async def note(order: Order) -> None:
    pass

@service.get("/tills")
async def tills() -> list[str]:
    return []

@service.job("0 0 * * *")
async def count() -> None:
    pass
"""
SCENARIO = """%%scenario rush --duration 10s
workload($.Order.created, rate_per_s=1)
"""
BROKEN_PROMISE = """%%invariant no_orders
-- any row is a violation
select message from messages where address = 'Order.created'
"""


@pytest.fixture
def shop(notebook: Notebook) -> Notebook:
    """A small system, each cell with an id."""
    for cell, text in {"a": SHOP, "b": INVENTORY, "c": SAGA, "d": FLAKY, "e": SCENARIO}.items():
        notebook.run(text, cell)
    return notebook


def named(told: dict[str, Any], section: str, name: str) -> Any:
    """The entry of a section that has a name."""
    return next(each for each in told[section] if each["name"] == name)


def test_an_empty_notebook_has_an_empty_inventory(notebook: Notebook) -> None:
    told = inventory(notebook.session)
    assert all(value == [] for value in told.values() if isinstance(value, list))
    assert told["health"]["count"] == 0


def test_it_is_json_and_nothing_else(shop: Notebook) -> None:
    told = inventory(shop.session)
    assert json.loads(json.dumps(told)) == told


def test_services_have_their_members_in_their_lines(shop: Notebook) -> None:
    members = named(inventory(shop.session), "services", "Till")["members"]
    assert [(each["kind"], each["name"]) for each in members] == [
        ("operation", "$.Till.charge"), ("event", "$.Order.created"), ("endpoint", "GET /tills"), ("job", "count"),
    ]  # fmt: skip
    assert [each["place"]["line"] for each in members] == [1, 5, 9, 13]
    assert {each["place"]["cell"] for each in members} == {"d"}


def test_a_place_is_the_cell_and_its_magic_line(shop: Notebook) -> None:
    place = named(inventory(shop.session), "sagas", "Processing")["place"]
    assert place == {"cell": "c", "magic": "%%saga Processing", "file": "", "line": None}


def test_findings_stand_at_their_cell_and_count_for_their_declaration(shop: Notebook) -> None:
    told = inventory(shop.session)
    (finding,) = [each for each in told["findings"] if each["code"] == "ARC109"]
    assert (finding["place"]["cell"], finding["severity"]) == ("c", "warning")
    assert named(told, "sagas", "Processing")["health"]["worst"] == "warning"


def test_a_saga_tells_what_starts_it_and_its_steps(shop: Notebook) -> None:
    saga = named(inventory(shop.session), "sagas", "Processing")
    assert saga["detail"] == "on $.Order.created"
    assert [each["name"] for each in saga["members"]] == ["reserve_stock"]


def test_compositions_and_meshes_have_their_stages(shop: Notebook) -> None:
    shop.run("%%compose\nFlow = sequence(Inventory.reserve)\nShop = mesh(Inventory, Till)", "f")
    told = inventory(shop.session)["compositions"]
    assert [(each["name"], each["detail"], each["place"]["cell"]) for each in told] == [
        ("Flow", "sequence", "f"), ("Shop", "mesh", "f"),
    ]  # fmt: skip
    assert [each["name"] for each in told[1]["members"]] == ["Inventory", "Till"]


def test_a_cell_that_failed_is_told_with_its_reason(shop: Notebook) -> None:
    shop.fail("%%service Broken\n1 / 0", "x")
    (broken,) = inventory(shop.session)["broken"]
    assert (broken["name"], broken["place"]["cell"], broken["place"]["line"]) == ("Broken", "x", 1)
    assert "ZeroDivisionError" in broken["reason"]


def test_what_is_forgotten_is_gone(shop: Notebook) -> None:
    shop.run("%studio forget Till")
    assert [each["name"] for each in inventory(shop.session)["services"]] == ["Inventory"]


def outcome(notebook: Notebook, inventories: Inventories, cell: str) -> Any:
    """Run a cell, and return what is told of the scenario then."""
    value = notebook.run(cell)
    inventories.outcomes.note([*notebook.session.answered, value], notebook.session.system)
    return named(inventories.make(), "scenarios", "rush")["outcome"]


def test_a_run_is_told_until_the_code_has_changed(shop: Notebook) -> None:
    inventories = Inventories(shop.session)
    assert named(inventories.make(), "scenarios", "rush")["outcome"] is None
    told = outcome(shop, inventories, "%simulate rush --seed 3")
    assert (told["state"], told["text"], told["seed"], told["is_older"]) == ("held", "held", 3, False)
    shop.run(FLAKY.replace("pass", "return None", 1), "d")
    assert named(inventories.make(), "scenarios", "rush")["outcome"]["is_older"]


def test_a_broken_promise_is_named(shop: Notebook) -> None:
    shop.run(BROKEN_PROMISE)
    told = outcome(shop, Inventories(shop.session), "kept = %simulate rush")
    assert (told["state"], told["violated"]) == ("failed", ["no_orders"])
    assert told["text"] == "no_orders broken"


def test_a_campaign_counts_its_seeds(shop: Notebook) -> None:
    shop.run(BROKEN_PROMISE)
    told = outcome(shop, Inventories(shop.session), "%simulate rush --seeds 3")
    assert (told["state"], told["text"], told["seed"]) == ("failed", "3 of 3 seeds failed", 0)


def test_a_hunt_leaves_a_counterexample(shop: Notebook) -> None:
    shop.run(BROKEN_PROMISE)
    inventories = Inventories(shop.session)
    told = outcome(shop, inventories, "%hunt rush --runs 3 --invariants no_orders")
    assert (told["state"], told["is_older"]) == ("failed", False)
    (found,) = [each for each in inventories.make()["counterexamples"] if each["invariant"] == "no_orders"]
    assert (found["scenario"], found["status"], found["kept"]) == ("rush", "found", False)


def test_what_was_found_in_another_system_of_the_process_is_not_of_this_notebook(shop: Notebook) -> None:
    shop.run(BROKEN_PROMISE)
    shop.run("%hunt rush --runs 3 --invariants no_orders")
    other = System()
    other.define_all(shop.session.system.sources)
    assert remembered(other) == ()
    hunt("rush", system=other, runs=3, invariants=["no_orders"])
    assert [each.counterexample.invariant for each in remembered(other)] == ["no_orders"]
    shop.run("%studio reset")
    assert inventory(shop.session)["counterexamples"] == []
    assert remembered(other)


def test_kept_counterexamples_are_read_from_beside_the_notebook(
    shop: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run(BROKEN_PROMISE)
    found = shop.run("%hunt rush --runs 3 --invariants no_orders").counterexample
    (tmp_path / "simulations").mkdir()
    (tmp_path / "simulations" / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "simulations" / "orders.json").write_text(found.as_json(), encoding="utf-8")
    monkeypatch.setattr("studio.lab.keepsakes.home", lambda: tmp_path / "shop.ipynb")
    told = [each for each in inventory(shop.session)["counterexamples"] if each["kept"]]
    assert [each["name"] for each in told] == ["orders"]


def test_a_counterexample_says_what_became_of_it(shop: Notebook) -> None:
    shop.run(BROKEN_PROMISE)
    shop.run("%hunt rush --runs 3 --invariants no_orders")
    heard: list[bool] = []
    shop.session.revisits.on_verdict = lambda: heard.append(True)
    shop.run(BROKEN_PROMISE.replace("'Order.created'", "'Order.none'"))
    told = [each for each in inventory(shop.session)["counterexamples"] if each["invariant"] == "no_orders"]
    assert [each["status"] for each in told] == ["mended"]
    assert heard
