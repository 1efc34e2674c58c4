"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# An order that cannot be packed ends among the dead letters, where somebody sees it; here it is about the others.
Invariant(
    "nobody_waits_behind_an_empty_order",
    mode="eventually",
    sql="""
select body ->> 'id' as order_id
from events
where address = 'Order.placed' and dead_lettered = 0
  and json_array_length(body, '$.items') > 0
  and (body ->> 'id') not in (select order_id from Packing_parcels)
""",
)
