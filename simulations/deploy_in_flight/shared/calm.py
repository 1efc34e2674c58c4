"""Two orders are placed, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, phases, service_time, workload

from .contracts import Order

scenario = Scenario("calm", duration="1m")
workload(S.Order.placed, [Order(id="order-1"), Order(id="order-2")], every="5s")
service_time(S.Warehouse.pick, "20s")
phases(heal="50s")
