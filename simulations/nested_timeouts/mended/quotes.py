"""Asks the usual carrier what sending costs, and the other one when that does not answer."""

from __future__ import annotations

import httpx

from studio import S, Service

from ..shared.contracts import Parcel, Quote

service = Service("Quotes", version="1.0.0", kind="query")
swift = service.client("swift", base_url="https://swift.example", timeout="1s")
steady = service.client("steady", base_url="https://steady.example", timeout="1s")


@service.operation(S.Quotes.ask)
async def ask(parcel: Parcel) -> Quote:
    try:
        response = await swift.post("/quotes", json={"order_id": parcel.order_id})
        response.raise_for_status()
    except httpx.HTTPError:
        response = await steady.post("/quotes", json={"order_id": parcel.order_id})
    return Quote(**response.json())
