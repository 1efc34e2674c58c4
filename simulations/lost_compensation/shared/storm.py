"""Whatever can go wrong does, for a while; each seed draws its own. There are more orders than seats."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="40s", converge="10m")
workload(S.Order.placed, [Order(id=f"order-{number}", show="opera") for number in range(1, 9)], every="4s")
swarm("crash", "crash-point", "lose", "timeout", "duplicate", "latency", "down", "partition", "pause")
phases(heal="30s")
