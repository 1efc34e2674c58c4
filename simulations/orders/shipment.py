"""Packs parcels, and unpacks those of orders that are undone."""

from __future__ import annotations

from uuid import uuid4

from studio import S, Service

from .contracts import Order, Parcel, ShipOrder

service = Service("Shipment", version="1.0.0", kind="command")

parcels = service.collection("parcels", Parcel, key="order_id", unique=["tracking"])


# Transactional, as all three are: a parcel is not packed over the mark that a cancellation leaves at the same time.
async def pack(order_id: str, *, express: bool) -> Parcel:
    known = await parcels.get(order_id)
    if known is not None:
        return known
    parcel = Parcel(order_id=order_id, tracking=f"parcel-{uuid4().hex[:8]}", express=express)
    await parcels.put(parcel)
    return parcel


@service.operation(S.Shipment.standard, idempotent=True, transactional=True)
async def standard(order: Order) -> Parcel:
    return await pack(order.id, express=False)


@service.operation(S.Shipment.express, idempotent=True, transactional=True)
async def express(order: Order) -> Parcel:
    return await pack(order.id, express=True)


@service.operation(S.Shipment.cancel, idempotent=True, transactional=True)
async def cancel(request: ShipOrder) -> Parcel:
    parcel = await parcels.get(request.order_id)
    gone = parcel or Parcel(order_id=request.order_id, tracking=f"none-{request.order_id}")
    gone = gone.model_copy(update={"status": "cancelled"})
    await parcels.put(gone)
    return gone
