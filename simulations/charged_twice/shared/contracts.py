"""What is said between the services."""

from __future__ import annotations

from decimal import Decimal

from studio import Contract


class Charge(Contract):
    order_id: str
    amount: Decimal


class Receipt(Contract):
    order_id: str
    charge_id: str
