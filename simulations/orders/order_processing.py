"""Carry an order through four services, or undo what was done, however often anything crashes in between."""

from __future__ import annotations

from studio import Effect, Retry, S, Saga, send

from .contracts import (
    Charge,
    Letter,
    Order,
    Parcel,
    Receipt,
    Refund,
    ReleaseItems,
    Reservation,
    ReserveItems,
    Sent,
    ShipOrder,
)
from .email import service as Email
from .flows import Dispatch
from .payment import service as Payment

saga = Saga(
    "OrderProcessing",
    on=S.Order.created,
    completed=S.Order.completed,
    failed=S.Order.failed,
    stuck=S.Order.stuck,
    version="1.0.0",
)


# What each step leaves is declared as its effect: of an order that was undone nothing of it may remain.
held = Effect("Inventory.reservations", where="status = 'held'")
unrefunded = "charge_id not in (select charge_id from external where name = 'cards' and ledger = 'refunds')"
charged = Effect("cards.ledger", key="order_id", where=unrefunded)
packed = Effect("Shipment.parcels", where="status = 'packed'")


# `send` does what the address is: here it calls, and waits for the typed answer.
@saga.step(retry=Retry(attempts=3, backoff="exponential"), timeout="10s", effect=held)
async def reserve_inventory(order: Order) -> Reservation:
    reservation: Reservation = await send(S.Inventory.reserve, ReserveItems(order_id=order.id, items=order.items))
    return reservation


# The outcome may be unknown: the step may have happened or not. So `done` may be None, and releasing what was never
# reserved must do no harm.
@reserve_inventory.compensation
async def release_inventory(order: Order, done: Reservation | None) -> None:
    await send(S.Inventory.release, ReleaseItems(order_id=order.id))


# Results of earlier steps are there under the steps' names.
@saga.step(retry=Retry(attempts=3, backoff="exponential"), timeout="10s", effect=charged)
async def process_payment(order: Order, reserve_inventory: Reservation) -> Receipt:
    receipt: Receipt = await Payment.process(Charge(order_id=reserve_inventory.order_id, amount=order.total))
    return receipt


@process_payment.compensation
async def refund_payment(order: Order, done: Receipt | None) -> None:
    await Payment.refund(Refund(order_id=order.id))


# A composition is a step like any other.
create_shipment = saga.step(Dispatch, name="create_shipment", timeout="10s", effect=packed)


@create_shipment.compensation
async def cancel_shipment(order: Order, done: Parcel | None) -> None:
    await send(S.Shipment.cancel, ShipOrder(order_id=order.id))


@saga.step(timeout="10s")
async def send_confirmation(order: Order, create_shipment: Parcel) -> Sent:
    subject = f"On its way: {create_shipment.tracking}"
    sent: Sent = await Email.write(Letter(order_id=order.id, to=order.customer.email, subject=subject))
    return sent


@send_confirmation.compensation
async def apologise(order: Order, done: Sent | None) -> None:
    await Email.write(Letter(order_id=order.id, to=order.customer.email, subject="Your order was cancelled"))
