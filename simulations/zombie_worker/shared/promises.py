"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# Nothing in these scenarios looks like fraud. A withdrawal that ends among the dead letters is somebody's work.
Invariant(
    "what_was_withdrawn_is_booked",
    mode="eventually",
    sql="""
select key as withdrawal, account.id, balance
from events join Accounts_accounts account on account.id = (body ->> '$.account')
where address = 'Withdrawal.requested' and acknowledged > 0 and not list_contains(cast(booked as varchar[]), key)
""",
)
