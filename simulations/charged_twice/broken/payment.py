"""Charges cards, and asks again when no answer comes."""

from __future__ import annotations

from studio import Retry, S, Service

from ..shared.contracts import Charge, Receipt

service = Service("Payment", version="1.0.0")
cards = service.client("cards", base_url="https://cards.example", timeout="2s")


@service.operation(S.Payment.charge, idempotent=True, timeout="10s", retry=Retry(attempts=3))
async def charge(charge: Charge) -> Receipt:
    response = await cards.post("/charges", json=charge.model_dump(mode="json"))
    response.raise_for_status()
    return Receipt(order_id=charge.order_id, charge_id=response.json()["charge_id"])
