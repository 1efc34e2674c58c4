"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# No more than all payments are worth, no less than those that were handled: of one that ends among the dead letters
# nobody knows, until somebody looks.
Invariant(
    "points_are_earned_once",
    mode="eventually",
    sql="""
select customer, account.points, sum(paid.points) as paid
from Loyalty_accounts account
join (
    select body ->> '$.customer' as customer, cast(body ->> '$.points' as int) as points, acknowledged
    from events
    where address = 'Order.paid'
) paid using (customer)
group by customer, account.points
having account.points > sum(paid.points) or account.points < sum(paid.points) filter (acknowledged > 0)
""",
)
