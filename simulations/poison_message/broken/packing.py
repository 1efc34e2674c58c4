"""Packs a parcel for each order that it hears of."""

from __future__ import annotations

from studio import S, Service

from ..shared.contracts import Order, Parcel

service = Service("Packing", version="1.0.0")
parcels = service.collection("parcels", Parcel, key="order_id")


@service.on(S.Order.placed)
async def pack(order: Order) -> None:
    heaviest = max(item.grams for item in order.items)
    await parcels.put(Parcel(order_id=order.id, box="crate" if heaviest > 5_000 else "box"))
