"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# A saga that is stuck says so, and waits for an operator; here it is about those that say that all is undone.
Invariant(
    "undone_orders_cost_nothing",
    mode="eventually",
    sql="""
select order_id, payment.status, saga.reason
from Payment_payments payment join sagas saga on saga.saga = 'Booking/' || order_id
where saga.state = 'compensated' and payment.status = 'charged'
""",
)
