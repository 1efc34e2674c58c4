"""What is said between the services."""

from __future__ import annotations

from studio import Contract, S, event


class Paid(Contract):
    order_id: str
    customer: str
    points: int


class Account(Contract):
    customer: str
    points: int = 0


event(S.Order.paid, Paid, key="order_id")
