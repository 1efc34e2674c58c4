"""Charges for orders, and gives the money back for those that are cancelled."""

from __future__ import annotations

from studio import S, Service, log

from ..shared.contracts import Order, Payment

service = Service("Payment", version="1.0.0")
payments = service.collection("payments", Payment, key="order_id")


@service.on(S.Order.placed, transactional=True)
async def charge(order: Order) -> None:
    if await payments.get(order.id) is None:
        await payments.put(Payment(order_id=order.id, status="charged"))


@service.on(S.Order.cancelled, transactional=True)
async def refund(order: Order) -> None:
    payment = await payments.get(order.id)
    if payment is None:
        log.warning("nothing to refund", order=order.id)
        return
    await payments.put(Payment(order_id=order.id, status="refunded"))
