"""Takes money for orders and gives it back; an order that was undone before is not charged any more."""

from __future__ import annotations

from studio import S, Service

from .contracts import Order, OrderUndone, Payment

service = Service("Payment", version="1.0.0")
payments = service.collection("payments", Payment, key="order_id")


@service.operation(S.Payment.charge, idempotent=True, transactional=True, raises=[OrderUndone], timeout="2s")
async def charge(order: Order) -> Payment:
    known = await payments.get(order.id)
    if known is not None and known.status == "refunded":
        raise OrderUndone(f"{order.id} was undone before")
    payment = Payment(order_id=order.id, status="charged")
    await payments.put(payment)
    return payment


@service.operation(S.Payment.refund, idempotent=True, transactional=True, timeout="2s")
async def refund(order: Order) -> None:
    await payments.put(Payment(order_id=order.id, status="refunded"))
