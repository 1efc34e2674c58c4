"""Packs a parcel for each order that it hears of."""

from __future__ import annotations

from studio import S, Service

from .contracts import Order, Parcel

service = Service("Shipping", version="1.0.0")
parcels = service.collection("parcels", Parcel, key="order_id")


@service.on(S.Order.placed)
async def pack(order: Order) -> None:
    await parcels.put(Parcel(order_id=order.id))
