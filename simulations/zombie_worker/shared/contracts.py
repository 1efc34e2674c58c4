"""What is said between the services."""

from __future__ import annotations

from pydantic import Field

from studio import Contract, S, ServiceError, event


class Withdrawal(Contract):
    id: str
    account: str
    amount: int = Field(ge=1)


class Account(Contract):
    id: str
    balance: int
    booked: list[str] = []


class Lease(Contract):
    account: str
    until: float


class AccountBusy(ServiceError):
    status = 409


event(S.Withdrawal.requested, Withdrawal, key="id")
