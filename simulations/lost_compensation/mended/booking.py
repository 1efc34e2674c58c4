"""Carries an order through: its money, then its seat; or undoes what was done."""

from __future__ import annotations

from studio import Retry, S, Saga, call

from ..shared.contracts import Order, Payment, Seat

saga = Saga("Booking", on=S.Order.placed, completed=S.Order.completed, failed=S.Order.failed, version="1.0.0")


@saga.step(retry=Retry(attempts=1))
async def charge(order: Order) -> Payment:
    payment: Payment = await call(S.Payment.charge, order)
    return payment


# `done` is None where nobody knows whether money was taken: the refund goes by the order, and does no harm.
@charge.compensation
async def refund(order: Order, done: Payment | None) -> None:
    await call(S.Payment.refund, order)


@saga.step
async def hold(order: Order) -> Seat:
    seat: Seat = await call(S.Seats.hold, order)
    return seat


@hold.compensation
async def release(order: Order, done: Seat | None) -> None:
    await call(S.Seats.release, order)
