"""An order is placed, and cancelled ten seconds later; nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, workload

from .contracts import Order

scenario = Scenario("calm", duration="30s")
workload(S.Order.placed, [Order(id="order-1")])
workload(S.Order.cancelled, [Order(id="order-1")], at="10s")
