"""Worlds of systems that lie in files: their cells import what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import studio
from studio.store import Log

if TYPE_CHECKING:
    import pytest


def test_cell_imports_the_contract_that_a_workload_is_like(request: pytest.FixtureRequest) -> None:
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    with studio.world(seed=1, system=system, log=Log.memory(), scenario="payment_outage", play=True) as world:
        text = world.advance("1s").as_cell("again")
    assert "like=Order," in text
    assert "from orders.contracts import Item, Order, StockLevel\n" in text
