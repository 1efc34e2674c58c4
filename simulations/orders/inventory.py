"""Keeps stock and its reservations."""

from __future__ import annotations

from studio import Health, S, Service, log, publish, setting

from .contracts import (
    Availability,
    Order,
    OutOfStock,
    ReleaseItems,
    Reservation,
    ReservationClosed,
    ReserveItems,
    StockLevel,
)

service = Service("Inventory", version="1.2.0", kind="command", replicas=2)

stock = service.collection("stock", StockLevel, key="sku")
reservations = service.collection("reservations", Reservation, key="order_id")

reserved = service.counter("reserved_total", labels=["sku"])
on_hand = service.gauge("on_hand", labels=["sku"])


# Transactional: the level, the reservation and the event are committed together or not at all. Idempotent: a second
# request under the same key gets the first one's answer.
@service.operation(S.Inventory.reserve, idempotent=True, transactional=True, raises=[OutOfStock, ReservationClosed])
async def reserve(request: ReserveItems) -> Reservation:
    known = await reservations.get(request.order_id)
    if known is not None and known.status == "released":
        raise ReservationClosed("the order was undone before", order_id=request.order_id)
    if known is not None:
        return known
    for item in request.items:
        level = await stock.get(item.sku)
        left = (level.quantity if level else 0) - item.quantity
        if left < 0:
            raise OutOfStock(f"{item.sku} is out of stock", sku=item.sku)
        await stock.put(StockLevel(sku=item.sku, quantity=left))
        reserved.inc(item.quantity, sku=item.sku)
        if left < int(setting("LOW_STOCK", default="10")):
            await publish(S.Stock.low, StockLevel(sku=item.sku, quantity=left))
    reservation = Reservation(order_id=request.order_id, items=request.items)
    await reservations.put(reservation)
    return reservation


@service.operation(S.Inventory.release, idempotent=True, transactional=True)
async def release(request: ReleaseItems) -> Reservation:
    """Give the items back; what was never reserved leaves a mark, so that a late reservation is refused."""
    held = await reservations.get(request.order_id)
    if held is not None and held.status == "held":
        for item in held.items:
            level = await stock.get(item.sku)
            await stock.put(StockLevel(sku=item.sku, quantity=(level.quantity if level else 0) + item.quantity))
    released = Reservation(order_id=request.order_id, status="released")
    await reservations.put(released)
    return released


@service.operation(S.Inventory.check)
async def check(order: Order) -> Availability:
    missing = []
    for item in order.items:
        level = await stock.get(item.sku)
        if level is None or level.quantity < item.quantity:
            missing.append(item.sku)
    return Availability(order_id=order.id, missing=missing)


@service.get("/stock/{sku}")
async def level(sku: str) -> StockLevel:
    return await stock.get(sku) or StockLevel(sku=sku, quantity=0)


@service.put("/stock/{sku}")
async def restock(sku: str, level: StockLevel) -> StockLevel:
    await stock.put(level)
    return level


@service.job("0 0 * * *")
async def recount() -> None:
    for level in await stock.query():
        on_hand.set(level.quantity, sku=level.sku)
    log.info("counted")


@service.health(interval="30s")
async def healthy() -> Health:
    return Health(ok=not await stock.query(quantity=-1), detail="a level below zero")
