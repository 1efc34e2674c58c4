"""Two orders are placed, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, workload

from .contracts import Order

scenario = Scenario("calm", duration="30s")
workload(S.Order.placed, [Order(id="order-1", show="opera"), Order(id="order-2", show="opera")], every="5s")
