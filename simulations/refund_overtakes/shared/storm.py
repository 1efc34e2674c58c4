"""Whatever can go wrong does, for a while; each seed draws its own. All orders are cancelled, some on their way."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="40s", converge="5m")
orders = [Order(id=f"order-{number}") for number in range(1, 13)]
workload(S.Order.placed, orders, every="2s")
workload(S.Order.cancelled, orders, every="2s", at="1s")
swarm("crash", "crash-point", "lose", "duplicate", "latency", "reorder", "down", "partition", "pause")
phases(heal="30s")
