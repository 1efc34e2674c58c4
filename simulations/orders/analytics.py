"""Counts what happens, from the events alone; nobody waits for it."""

from __future__ import annotations

from studio import Contract, S, Service, log

from .contracts import Order, StatusChanged, StockLevel


class Tally(Contract):
    day: str
    orders: int = 0
    revenue: float = 0.0


service = Service("Analytics", version="1.0.0", kind="event")

tallies = service.collection("tallies", Tally, key="day")
events = service.counter("events_total", labels=["kind"])
totals = service.summary("order_total")


# Delivered at least once: `idempotent` remembers what was handled, so that a redelivery does not count twice.
@service.on(S.Order.completed, idempotent=True, transactional=True)
async def sold(order: Order) -> None:
    tally = await tallies.get("today") or Tally(day="today")
    await tallies.put(Tally(day="today", orders=tally.orders + 1, revenue=tally.revenue + float(order.total)))
    totals.observe(float(order.total))


# A pattern: `*` is one part, a final `>` all that follow.
@service.on("Order.*")
async def happened(message: Order | StatusChanged) -> None:
    events.inc(kind=type(message).__name__)


@service.on("Stock.>")
async def running_low(level: StockLevel) -> None:
    log.warning("stock is low", sku=level.sku, quantity=level.quantity)


@service.job("*/5 * * * *")
async def report() -> None:
    for tally in await tallies.query():
        log.info("tally", day=tally.day, orders=tally.orders)
