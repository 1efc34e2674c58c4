"""What crosses the order system's wires: messages, declared errors, events."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from studio import Contract, S, ServiceError, event


class Customer(Contract):
    id: str
    name: str
    email: str


class Item(Contract):
    sku: str
    quantity: int = Field(1, ge=1, le=20)


class NewOrder(Contract):
    """What a shop posts. The order's id is the client's, so that posting twice is found out."""

    id: str
    customer: Customer
    items: list[Item] = Field(min_length=1, max_length=10)


class Order(NewOrder):
    total: Decimal = Field(ge=0, max_digits=8, decimal_places=2)


class OrderState(Contract):
    id: str
    status: Literal["accepted", "completed", "cancelled", "stuck"] = "accepted"
    total: Decimal


class StatusChanged(Contract):
    order_id: str
    status: str


class OrderExists(ServiceError):
    status = 409
    order_id: str


class OrderNotFound(ServiceError):
    status = 404
    order_id: str


class StockLevel(Contract):
    sku: str
    quantity: int


class ReserveItems(Contract):
    order_id: str
    items: list[Item]


class ReleaseItems(Contract):
    order_id: str


class Reservation(Contract):
    order_id: str
    items: list[Item] = []
    status: Literal["held", "released"] = "held"


class Availability(Contract):
    order_id: str
    missing: list[str] = []


class OutOfStock(ServiceError):
    status = 409
    sku: str


class ReservationClosed(ServiceError):
    """The order was undone before its reservation arrived."""

    status = 409
    order_id: str


class Charge(Contract):
    order_id: str
    amount: Decimal


class Receipt(Contract):
    order_id: str
    charge_id: str
    amount: Decimal


class Refund(Contract):
    order_id: str


class Risk(Contract):
    order_id: str
    level: Literal["low", "high"]


class CardDeclined(ServiceError):
    """A declared error: it crosses the wire typed, is not tried again, and maps to an HTTP status."""

    status = 402
    order_id: str


class PaymentClosed(ServiceError):
    """The order was undone before its charge arrived."""

    status = 409
    order_id: str


class ShipOrder(Contract):
    order_id: str
    express: bool = False


class Parcel(Contract):
    order_id: str
    tracking: str
    express: bool = False
    status: Literal["packed", "cancelled"] = "packed"


class Letter(Contract):
    order_id: str
    to: str
    subject: str


class Sent(Contract):
    order_id: str
    subject: str


class Quote(Contract):
    order_id: str
    total: Decimal
    available: bool
    risk: str


event(S.Order.created, Order, key="id")
event(S.Order.completed, Order, key="id")
event(S.Order.failed, Order, key="id")
event(S.Order.stuck, Order, key="id")
event(S.Order.status_changed, StatusChanged, key="order_id")
event(S.Stock.low, StockLevel, key="sku")
