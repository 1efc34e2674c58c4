"""The card provider, as the simulation sees it: a stub with books of its own.

It is not part of our system: when our services crash, it does not. Like real providers it charges once for each
`Idempotency-Key`, and as often as it is asked when there is none. It refunds by order: whatever it has booked for one,
and then refuses what arrives late.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from studio import Contract, External, Request, Response


class Entry(Contract):
    charge_id: str
    order_id: str
    amount: Decimal


class Answer(Contract):
    """What was answered under an idempotency key."""

    key: str
    charge: Entry


class Closed(Contract):
    """An order that was refunded: a charge of it that arrives late is refused."""

    order_id: str


external = External("cards")
charges = external.ledger(Entry)
refunds = external.ledger(Entry, name="refunds")
answers = external.collection("answers", Answer, key="key")
booked = external.collection("booked", Entry, key="charge_id")
closed = external.collection("closed", Closed, key="order_id")


@external.post("/charges")
async def create(request: Request) -> Response:
    key = request.headers.get("idempotency-key", "")
    kept = await answers.get(key) if key else None
    if kept is not None:
        return Response(200, json=kept.charge)
    body = request.json()
    if Decimal(body["amount"]) > 500:
        return Response(402, json={"error": "card declined"})
    charge = Entry(charge_id=f"charge-{uuid4().hex[:8]}", order_id=body["order_id"], amount=body["amount"])
    # First booked, then looked whether the order is closed: a refund at the same time sees the one or leaves the other.
    await booked.put(charge)
    if await closed.get(charge.order_id) is not None:
        await booked.delete(charge.charge_id)
        return Response(409, json={"error": "the order is closed"})
    charges.append(charge)
    if key:
        await answers.put(Answer(key=key, charge=charge))
    return Response(201, json=charge)


@external.post("/refunds")
async def refund(request: Request) -> Response:
    order_id = request.json()["order_id"]
    await closed.put(Closed(order_id=order_id))
    for charge in await booked.query(order_id=order_id):
        refunds.append(charge)
        await booked.delete(charge.charge_id)
    return Response(201, json={"order_id": order_id})
