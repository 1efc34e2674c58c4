"""What is said between the services."""

from __future__ import annotations

from studio import Contract


class Parcel(Contract):
    order_id: str


class Quote(Contract):
    order_id: str
    carrier: str
