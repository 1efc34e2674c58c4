"""Two orders are paid, and nothing goes wrong."""

from __future__ import annotations

from decimal import Decimal

from studio import S, Scenario, workload

from .contracts import Charge

scenario = Scenario("calm", duration="30s")
workload(
    S.Payment.charge,
    [Charge(order_id="order-1", amount=Decimal("9.00")), Charge(order_id="order-2", amount=Decimal("19.00"))],
    every="5s",
)
