"""Takes orders, and has them paid; leaves payments alone for a while when they fail."""

from __future__ import annotations

import time

from studio import S, Service, ServiceError, call

from ..shared.contracts import Order, Receipt

service = Service("Checkout", version="1.0.0")


class PaymentsDown(ServiceError):
    status = 503


class CircuitBreaker:
    """Opens after three failures, for ten seconds."""

    failures, opened_at = 0, 0.0

    def check(self) -> None:
        """Refuse while it is open."""
        if self.failures >= 3 and time.monotonic() - self.opened_at < 10:
            raise PaymentsDown

    def failed(self) -> None:
        """Count a failure."""
        self.failures += 1
        self.opened_at = time.monotonic()

    def succeeded(self) -> None:
        """Close it."""
        self.failures = 0


breaker = CircuitBreaker()


@service.operation(S.Checkout.order, raises=[PaymentsDown])
async def order(order: Order) -> Receipt:
    try:
        breaker.check()
        receipt: Receipt = await call(S.Payment.charge, order)
    except Exception:
        breaker.failed()
        raise
    breaker.succeeded()
    return receipt
