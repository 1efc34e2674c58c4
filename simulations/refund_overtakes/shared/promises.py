"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# A cancellation that ends among the dead letters is somebody's work; here it is about those that were handled.
Invariant(
    "cancelled_orders_cost_nothing",
    mode="eventually",
    sql="""
select order_id, status
from Payment_payments
where status = 'charged' and order_id in (
    select key from events where address = 'Order.cancelled' and acknowledged > 0
)
""",
)
