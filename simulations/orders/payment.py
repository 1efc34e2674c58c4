"""Charges cards, through a provider that is somebody else's."""

from __future__ import annotations

from studio import S, Secret, Service

from .contracts import CardDeclined, Charge, Order, PaymentClosed, Receipt, Refund, Risk

service = Service("Payment", version="1.0.0", kind="command")

cards = service.client("cards", base_url="https://cards.example", auth=Secret("CARDS_KEY"), timeout="2s")
receipts = service.collection("receipts", Receipt, key="order_id")
seconds = service.histogram("charge_amount", buckets=[10, 50, 100, 500])


# A charge whose reply is lost is tried again. Without an Idempotency-Key the provider cannot know that it is the same
# charge, and Ada pays twice: see `lost_reply`. The cure is one argument more of `post`:
# `headers={"Idempotency-Key": charge.order_id}`.
@service.operation(S.Payment.process, idempotent=True, raises=[CardDeclined, PaymentClosed])
async def process(charge: Charge) -> Receipt:
    response = await cards.post("/charges", json=charge.model_dump(mode="json"))
    if response.status_code == 402:
        raise CardDeclined("the card was declined", order_id=charge.order_id)
    if response.status_code == 409:
        raise PaymentClosed("the order was undone before its charge arrived", order_id=charge.order_id)
    response.raise_for_status()
    receipt = Receipt(order_id=charge.order_id, charge_id=response.json()["charge_id"], amount=charge.amount)
    await receipts.put(receipt)
    seconds.observe(float(charge.amount))
    return receipt


# By order, not by receipt: a charge whose reply we never heard has left no receipt here, and is paid all the same.
@service.operation(S.Payment.refund, idempotent=True)
async def refund(request: Refund) -> None:
    response = await cards.post("/refunds", json=request.model_dump(mode="json"))
    response.raise_for_status()


@service.operation(S.Payment.assess)
async def assess(order: Order) -> Risk:
    return Risk(order_id=order.id, level="high" if order.total > 300 else "low")
