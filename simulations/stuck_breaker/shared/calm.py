"""An order a second, and nothing goes wrong; if anything did, it would be over after 20 s."""

from __future__ import annotations

from studio import S, Scenario, phases, workload

from .contracts import Order

scenario = Scenario("calm", duration="45s")
workload(S.Checkout.order, rate_per_s=1, arrivals="fixed", like=Order)
phases(heal="20s")
