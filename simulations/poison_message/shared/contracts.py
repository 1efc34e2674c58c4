"""What is said between the services."""

from __future__ import annotations

from studio import Contract, S, event


class Item(Contract):
    sku: str
    grams: int


class Order(Contract):
    id: str
    shop: str
    items: list[Item]


class Parcel(Contract):
    order_id: str
    box: str


event(S.Order.placed, Order, key="shop")
