"""The card provider, as the simulation sees it: a stub with books of its own.

It is not part of our system: when our services crash, it does not. Like real providers it charges once for each
`Idempotency-Key`, and as often as it is asked when there is none.
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


external = External("cards")
charges = external.ledger(Entry)
refunds = external.ledger(Entry, name="refunds")
answers = external.collection("answers", Answer, key="key")
booked = external.collection("booked", Entry, key="charge_id")


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
    charges.append(charge)
    await booked.put(charge)
    if key:
        await answers.put(Answer(key=key, charge=charge))
    return Response(201, json=charge)


@external.post("/charges/{charge_id}/refunds")
async def refund(request: Request) -> Response:
    charge = await booked.get(request.parameters["charge_id"])
    if charge is None:
        return Response(404, json={"error": "no such charge"})
    refunds.append(charge)
    await booked.delete(charge.charge_id)
    return Response(201, json=charge)
