"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# Faults are over after 20 s; a breaker opens for 10 s, and a probe needs a customer. From 40 s on all is well again.
Invariant(
    "sells_again_after_a_failure",
    mode="eventually",
    sql="""
select start_s as asked_s, name, status, error
from spans
where service = 'world' and kind = 'call' and status <> 'ok' and start_s >= 40
""",
)
