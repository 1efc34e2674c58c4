"""Two parcels are asked for, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, workload

from .contracts import Parcel

scenario = Scenario("calm", duration="30s")
workload(S.Checkout.delivery, [Parcel(order_id="order-1"), Parcel(order_id="order-2")], every="5s")
