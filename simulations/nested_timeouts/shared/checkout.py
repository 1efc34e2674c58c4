"""Tells customers what sending costs."""

from __future__ import annotations

from studio import S, Service, call

from .contracts import Parcel, Quote

service = Service("Checkout", version="1.0.0", kind="query")


@service.operation(S.Checkout.delivery)
async def delivery(parcel: Parcel) -> Quote:
    quote: Quote = await call(S.Quotes.ask, parcel, timeout="3s")
    return quote
