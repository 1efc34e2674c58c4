"""What must hold, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from studio import Invariant, invariant

# Any row is a violation.
Invariant(
    "one_charge_per_order",
    sql="""
select order_id, count(*) as charges
from external
where name = 'cards' and ledger = 'ledger'
group by order_id
having count(*) > 1
""",
)


@invariant
def no_negative_stock(run: Any) -> Iterator[Any]:
    """No more is sold than there is."""
    for level in run.collection("Inventory.stock"):
        if level["quantity"] < 0:
            yield level


@invariant(mode="eventually")
def every_order_ends(run: Any) -> Iterator[Any]:
    """When all has come to rest, no order is still on its way."""
    for order in run.collection("Orders.orders"):
        if order["status"] == "accepted":
            yield order
