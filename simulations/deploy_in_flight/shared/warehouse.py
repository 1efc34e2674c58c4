"""Picks goods from the shelf, which takes a while, and puts them back."""

from __future__ import annotations

from studio import S, Service

from .contracts import Done, Order

service = Service("Warehouse", version="1.0.0")


@service.operation(S.Warehouse.pick, idempotent=True, timeout="1m")
async def pick(order: Order) -> Done:
    return Done(order_id=order.id)


@service.operation(S.Warehouse.put_back, idempotent=True)
async def put_back(order: Order) -> None: ...
