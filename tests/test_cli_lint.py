"""`studio lint`: forms for machines, proofs, and exit codes that heed them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Command


SHOP = """
from studio import S, Service, publish

from .contracts import Order

service = Service("Shop", version="1.0.0")
orders = service.collection("orders", Order, key="id")
taken = service.counter("taken_total")

@service.operation(S.Shop.take)
async def take(order: Order) -> None:
    await orders.put(order)
    await publish(S.Order.created, order)

@service.health()
async def check() -> None: ...
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "contracts.py").write_text(
        "from studio import Contract, S, event\n\nclass Order(Contract):\n    id: str\n\n"
        "event(S.Order.created, Order, key='id')\n"
    )
    return tmp_path


def test_lint_writes_sarif_to_a_file(command: Command, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "findings.sarif"
    assert command("lint", shop, "--format", "sarif", "-o", file) == (1, "", "")
    results = json.loads(file.read_text())["runs"][0]["results"]
    assert "ARC130" in [each["ruleId"] for each in results]


def test_lint_proves_what_it_says(command: Command, shop: Path) -> None:
    code, out, _ = command("lint", shop, "--prove", "--format", "json")
    found = {each["code"]: each["proof"]["outcome"] for each in json.loads(out)["findings"]}
    assert (code, found["ARC130"]) == (1, "confirmed")


def test_unknown_form_is_told_with_the_known_ones(command: Command, shop: Path) -> None:
    code, out, err = command("lint", shop, "--format", "xml")
    assert (code, out) == (2, "")
    assert "STU912" in err
    assert "sarif" in err


def test_ignored_finding_does_not_fail(command: Command, shop: Path) -> None:
    text = SHOP.replace("    await orders.put(order)", "    await orders.put(order)  # studio: ignore ARC130: a demo")
    (shop / "shop.py").write_text(text)
    code, out, _ = command("lint", shop)
    assert code == 0
    assert "1 ignored" in out
