"""What is said between the services."""

from __future__ import annotations

from typing import Literal

from studio import Contract, S, ServiceError, event


class Order(Contract):
    id: str
    show: str


class Payment(Contract):
    order_id: str
    status: Literal["charged", "refunded"]


class Seat(Contract):
    order_id: str
    show: str
    status: Literal["held", "released"] = "held"


class OrderUndone(ServiceError):
    status = 409


class SoldOut(ServiceError):
    status = 409


event(S.Order.placed, Order, key="id")
event(S.Order.completed, Order, key="id")
event(S.Order.failed, Order, key="id")
