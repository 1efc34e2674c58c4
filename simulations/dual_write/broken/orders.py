"""Takes orders: writes them down, then tells everybody."""

from __future__ import annotations

from studio import S, Service, publish

from ..shared.contracts import Order

service = Service("Orders", version="1.0.0")
orders = service.collection("orders", Order, key="id")


@service.operation(S.Orders.place, idempotent=True)
async def place(order: Order) -> None:
    await orders.put(order)
    await publish(S.Order.placed, order)
