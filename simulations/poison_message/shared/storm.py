"""Whatever can go wrong does, for a while, and some orders are empty; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="40s", bus="kafka", converge="5m")
workload(S.Order.placed, rate_per_s=1, count=18, like=Order)
workload(S.Order.placed, rate_per_s=1, count=2, like=Order, items=[])
swarm("crash", "crash-point", "lose", "duplicate", "latency", "down", "partition", "pause", "poison", until="30s")
phases(heal="30s")
