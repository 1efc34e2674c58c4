"""Whatever can go wrong does, for a while; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="40s", converge="5m")
workload(S.Orders.place, rate_per_s=1, count=20, like=Order)
swarm("crash", "crash-point", "lose", "timeout", "duplicate", "latency", "down", "partition", "pause")
phases(heal="30s")
