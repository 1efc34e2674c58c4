"""Whatever can go wrong does, while the new version is deployed; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, deploy, phases, service_time, swarm, workload

from .contracts import Order

scenario = Scenario("storm", duration="1m", converge="10m")
workload(S.Order.placed, rate_per_s=0.5, count=15, like=Order)
service_time(S.Warehouse.pick, "10s")
deploy("Fulfilment", at="15s", before="1.0.0")
swarm("crash", "crash-point", "lose", "timeout", "duplicate", "latency", "partition", "pause", until="50s")
phases(heal="50s")
