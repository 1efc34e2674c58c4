"""Whatever can go wrong does, for a while; each seed draws its own. Workers stand still while they work."""

from __future__ import annotations

from studio import Exponential, S, Scenario, given, pause, phases, service_time, swarm, workload

from .contracts import Account, Withdrawal

scenario = Scenario("storm", duration="40s", converge="5m")
given("Accounts.accounts", [Account(id="ada", balance=1000)])
workload(S.Withdrawal.requested, [Withdrawal(id=f"w-{n}", account="ada", amount=n) for n in range(1, 13)], every="3s")
service_time(S.Risk.is_fraud, Exponential("500ms"))
swarm("crash", "crash-point", "lose", "duplicate", "latency", "down", "partition", "storage-error")
pause("Accounts/1", at="6200ms", lasts="12s")
pause("Accounts/2", at="18200ms", lasts="11s")
phases(heal="30s")
