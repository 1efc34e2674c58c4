"""Adds points for each order that was paid."""

from __future__ import annotations

from studio import S, Service

from ..shared.contracts import Account, Paid

service = Service("Loyalty", version="1.0.0", replicas=2)
accounts = service.collection("accounts", Account, key="customer")


@service.on(S.Order.paid)
async def earn(paid: Paid) -> None:
    account = await accounts.get(paid.customer) or Account(customer=paid.customer)
    await accounts.put(Account(customer=paid.customer, points=account.points + paid.points))
