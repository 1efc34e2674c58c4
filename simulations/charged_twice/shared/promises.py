"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

Invariant(
    "one_charge_per_order",
    sql="""
select order_id, count(*) as charges
from external
where name = 'cards'
group by order_id
having count(*) > 1
""",
)
