"""What is said between the services."""

from __future__ import annotations

from typing import Literal

from studio import Contract, S, event


class Order(Contract):
    id: str


class Payment(Contract):
    order_id: str
    status: Literal["charged", "refunded", "cancelled"]


event(S.Order.placed, Order, key="id")
event(S.Order.cancelled, Order, key="id")
