"""Two orders are placed, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, workload

from .contracts import Order

scenario = Scenario("calm", duration="30s")
workload(S.Orders.place, [Order(id="order-1"), Order(id="order-2")], every="5s")
