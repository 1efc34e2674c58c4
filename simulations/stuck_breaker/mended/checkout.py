"""Takes orders, and has them paid; leaves payments alone for a while when they fail."""

from __future__ import annotations

from studio import Breaker, S, Service, call

from ..shared.contracts import Order, Receipt

service = Service("Checkout", version="1.0.0")
breaker = Breaker(failures=3, open_for="10s")


@service.operation(S.Checkout.order)
async def order(order: Order) -> Receipt:
    receipt: Receipt = await call(S.Payment.charge, order, breaker=breaker)
    return receipt
