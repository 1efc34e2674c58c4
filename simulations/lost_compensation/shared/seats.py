"""Holds seats; each show has few."""

from __future__ import annotations

from studio import S, Service

from .contracts import Order, OrderUndone, Seat, SoldOut

service = Service("Seats", version="1.0.0")
seats = service.collection("seats", Seat, key="order_id")
SEATS = 3


@service.operation(S.Seats.hold, idempotent=True, transactional=True, raises=[OrderUndone, SoldOut], timeout="2s")
async def hold(order: Order) -> Seat:
    known = await seats.get(order.id)
    if known is not None and known.status == "released":
        raise OrderUndone(f"{order.id} was undone before")
    if known is None and len(await seats.query(show=order.show, status="held")) >= SEATS:
        raise SoldOut(f"no seat is left for {order.show}")
    seat = Seat(order_id=order.id, show=order.show)
    await seats.put(seat)
    return seat


@service.operation(S.Seats.release, idempotent=True, transactional=True, timeout="2s")
async def release(order: Order) -> None:
    await seats.put(Seat(order_id=order.id, show=order.show, status="released"))
