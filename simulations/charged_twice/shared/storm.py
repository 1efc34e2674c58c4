"""Whatever can go wrong does, for a while; each seed draws its own."""

from __future__ import annotations

from decimal import Decimal

from studio import S, Scenario, phases, swarm, workload

from .contracts import Charge

scenario = Scenario("storm", duration="40s", converge="5m")
workload(
    S.Payment.charge,
    [Charge(order_id=f"order-{number}", amount=Decimal(number)) for number in range(1, 21)],
    every="1500ms",
)
swarm("crash", "crash-point", "lose", "timeout", "duplicate", "latency", "down", "partition", "pause")
phases(heal="30s")
