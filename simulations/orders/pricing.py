"""Plain helpers: no service, no state, exported beside the services that use them."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from .contracts import Item

PRICES = MappingProxyType({"tea": Decimal("4.50"), "coffee": Decimal("6.00"), "kettle": Decimal("39.00")})
OTHER = Decimal("10.00")


def total(items: list[Item]) -> Decimal:
    """Return what the items cost together."""
    return sum((PRICES.get(item.sku, OTHER) * item.quantity for item in items), Decimal())
