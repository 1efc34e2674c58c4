"""What is said between the services."""

from __future__ import annotations

from studio import Contract


class Order(Contract):
    id: str


class Receipt(Contract):
    order_id: str
