"""Two withdrawals from one account, and nothing goes wrong."""

from __future__ import annotations

from studio import S, Scenario, given, workload

from .contracts import Account, Withdrawal

scenario = Scenario("calm", duration="30s")
given("Accounts.accounts", [Account(id="ada", balance=100)])
workload(
    S.Withdrawal.requested,
    [Withdrawal(id="w-1", account="ada", amount=10), Withdrawal(id="w-2", account="ada", amount=20)],
    every="20s",
)
