"""Pick, charge: who pays has the goods."""

from __future__ import annotations

from studio import S, Saga, send

from ..shared.contracts import Done, Order

saga = Saga("Fulfilment", on=S.Order.placed, version="2.0.0")


@saga.step(timeout="1m")
async def take_from_shelf(order: Order) -> Done:
    picked: Done = await send(S.Warehouse.pick, order)
    return picked


@take_from_shelf.compensation
async def put_back(order: Order, done: Done | None) -> None:
    await send(S.Warehouse.put_back, order)


@saga.step(timeout="10s")
async def charge(order: Order) -> Done:
    charged: Done = await send(S.Payment.charge, order)
    return charged


@charge.compensation
async def refund(order: Order, done: Done | None) -> None:
    await send(S.Payment.refund, order)
