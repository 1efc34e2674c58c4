"""Services wired into one another; a wire that does not fit is refused when this file is read."""

from __future__ import annotations

from studio import parallel, route, sequence, when

from .contracts import Letter, Order, Parcel
from .email import service as Email
from .inventory import service as Inventory
from .payment import service as Payment
from .shipment import service as Shipment


def letter(parcel: Parcel) -> Letter:
    return Letter(order_id=parcel.order_id, to="", subject=f"On its way: {parcel.tracking}")


# The first branch whose condition holds.
Dispatch = route(
    when(lambda order: order.total < 100, Shipment.standard, label="standard"),
    otherwise=Shipment.express,
    input=Order,
)

# One after the other, with a plain function in between that only turns one contract into another.
Announced = sequence(Dispatch, letter, Email.write)

# At once; a stage that fails leaves a `Failure` in its field, and the other goes on.
Screening = parallel(stock=Inventory.check, risk=Payment.assess, on_error="collect")
