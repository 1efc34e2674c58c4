"""Whatever can go wrong does, for a while; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="45s", converge="5m")
workload(S.Checkout.order, rate_per_s=1, arrivals="fixed", like=Order)
swarm("crash", "lose", "timeout", "fail", "latency", "down", "partition", "pause", until="20s")
phases(heal="20s")
