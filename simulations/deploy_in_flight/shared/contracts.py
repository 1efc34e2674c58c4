"""What is said between the services."""

from __future__ import annotations

from studio import Contract, S, event


class Order(Contract):
    id: str


class Done(Contract):
    order_id: str


event(S.Order.placed, Order, key="id")
