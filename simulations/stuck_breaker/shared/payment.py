"""Takes payments."""

from __future__ import annotations

from studio import S, Service

from .contracts import Order, Receipt

service = Service("Payment", version="1.0.0")


@service.operation(S.Payment.charge, idempotent=True, timeout="2s")
async def charge(order: Order) -> Receipt:
    return Receipt(order_id=order.id)
