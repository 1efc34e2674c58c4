"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# An event that nobody can handle ends among the dead letters, where somebody sees it; here it is about those that were
# never published.
Invariant(
    "every_order_is_announced",
    mode="eventually",
    sql="""
select id
from Orders_orders
where id not in (
    select key from events where address = 'Order.placed' and (acknowledged > 0 or dead_lettered > 0)
)
""",
)
