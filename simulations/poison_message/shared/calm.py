"""Three orders are placed, and nothing goes wrong; but one of them is empty."""

from __future__ import annotations

from studio import S, Scenario, phases, workload

from .contracts import Item, Order

scenario = Scenario("calm", duration="30s", bus="kafka", converge="5m")
workload(
    S.Order.placed,
    [
        Order(id="order-1", shop="north", items=[Item(sku="tea", grams=100)]),
        Order(id="order-2", shop="north", items=[]),
        Order(id="order-3", shop="north", items=[Item(sku="kettle", grams=900)]),
    ],
    every="5s",
)
phases(heal="25s")
