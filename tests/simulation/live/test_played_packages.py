"""Worlds of systems that lie in files: their cells import what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

import studio
from studio.simulation.case import Case
from studio.store import Log

if TYPE_CHECKING:
    import pytest


def test_cell_imports_the_contract_that_a_workload_is_like(request: pytest.FixtureRequest) -> None:
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    with studio.world(seed=1, system=system, log=Log.memory(), scenario="payment_outage", play=True) as world:
        text = world.advance("1s").as_cell("again")
    assert "like=Order," in text
    assert "from orders.contracts import Item, Order, StockLevel\n" in text


def test_workload_like_a_contract_of_a_module_is_played_kept_and_repeated(request: pytest.FixtureRequest) -> None:
    system = studio.load(request.config.rootpath / "simulations" / "orders")
    order = next(each for each in system.definitions.values() if each.name == "orders.contracts").exports["Order"]
    world = studio.world(seed=1, system=system, log=Log.memory())
    world.workload("Orders.place", like=order, rate_per_s=2, count=3)
    run = world.advance("3s").close()
    assert run.case is not None
    again = studio.simulate(Case.from_json(run.case.as_json()), system=system, log=Log.memory())
    assert again.sha256 == run.sha256
    assert run.messages.filter(pl.col("address") == "Orders.place").height == 3
