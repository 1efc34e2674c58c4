"""The card provider: it books what it is asked, once for each idempotency key that it is given."""

from __future__ import annotations

from uuid import uuid4

from studio import Contract, External, Request, Response


class Booking(Contract):
    charge_id: str
    order_id: str


class Known(Contract):
    key: str
    booking: Booking


external = External("cards")
bookings = external.ledger(Booking)
known = external.collection("known", Known, key="key")


@external.post("/charges")
async def charge(request: Request) -> Response:
    key = request.headers.get("idempotency-key", "")
    before = await known.get(key) if key else None
    if before is not None:
        return Response(200, json=before.booking)
    booking = Booking(charge_id=f"charge-{uuid4().hex[:8]}", order_id=request.json()["order_id"])
    bookings.append(booking)
    if key:
        await known.put(Known(key=key, booking=booking))
    return Response(201, json=booking)
