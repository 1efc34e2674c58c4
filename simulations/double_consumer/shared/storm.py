"""Whatever can go wrong does, for a while; each seed draws its own. Few customers pay most orders."""

from __future__ import annotations

from studio import S, Scenario, Zipf, phases, swarm, workload

from .contracts import Paid

scenario = Scenario("storm", duration="40s", converge="5m")
workload(S.Order.paid, rate_per_s=1, count=20, like=Paid, points=10, skew={"customer": Zipf(1.1)})
swarm("crash", "crash-point", "lose", "duplicate", "reorder", "down", "partition", "pause", "storage-error")
phases(heal="30s")
