"""Ada pays two orders, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, workload

from .contracts import Paid

scenario = Scenario("calm", duration="30s")
workload(
    S.Order.paid,
    [Paid(order_id="order-1", customer="ada", points=9), Paid(order_id="order-2", customer="ada", points=19)],
    every="5s",
)
