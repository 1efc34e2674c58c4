"""Books withdrawals; one worker at a time has the lease on an account."""

from __future__ import annotations

from studio import S, Service, call

from ..shared.contracts import Account, Lease, Withdrawal
from ..shared.leasing import leased

service = Service("Accounts", version="1.0.0", replicas=2)
accounts = service.collection("accounts", Account, key="id")
leases = service.collection("leases", Lease, key="account")


@service.on(S.Withdrawal.requested)
async def book(withdrawal: Withdrawal) -> None:
    async with leased(leases, withdrawal.account):
        account = await accounts.get(withdrawal.account)
        if account is None or withdrawal.id in account.booked or await call(S.Risk.is_fraud, withdrawal):
            return
        booked = [*account.booked, withdrawal.id]
        rest = Account(id=account.id, balance=account.balance - withdrawal.amount, booked=booked)
        await accounts.put(rest)
