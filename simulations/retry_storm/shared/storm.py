"""Whatever can go wrong does, for a while; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, phases, service_time, swarm, workload

from .contracts import Question

scenario = Scenario("storm", duration="40s", converge="5m")
workload(S.Shop.show, rate_per_s=6, arrivals="fixed", like=Question)
service_time(S.Prices.find, "200ms")
swarm("crash", "lose", "timeout", "latency", "down", "partition", "pause", "slow", at="10s", until="20s")
phases(quiet="10s", heal="20s")
