"""Whatever can go wrong does, for a while; each seed draws its own."""

from __future__ import annotations

from studio import S, Scenario, phases, swarm, workload

from .contracts import Parcel

scenario = Scenario("storm", duration="40s", converge="5m")
workload(S.Checkout.delivery, rate_per_s=1, count=30, like=Parcel)
swarm("crash", "lose", "timeout", "respond", "late", "latency", "down", "partition", "pause", "slow", until="30s")
phases(heal="30s")
