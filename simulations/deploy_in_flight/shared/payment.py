"""Charges customers, and gives the money back."""

from __future__ import annotations

from studio import S, Service

from .contracts import Done, Order

service = Service("Payment", version="1.0.0")
charges = service.collection("charges", Done, key="order_id")


@service.operation(S.Payment.charge, idempotent=True)
async def charge(order: Order) -> Done:
    await charges.put(Done(order_id=order.id))
    return Done(order_id=order.id)


@service.operation(S.Payment.refund, idempotent=True)
async def refund(order: Order) -> None:
    await charges.delete(order.id)
