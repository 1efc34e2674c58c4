"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# Of callers that waited their whole three seconds, and of work that took longer than that by itself: a process that
# stands still, before or during it, or a message that a fault delays, makes anybody late.
Invariant(
    "nobody_answers_too_late",
    sql="""
select asked.message, asked.end_s as given_up_s, answered.end_s as answered_s
from spans asked join spans answered on answered.message = asked.message and answered.kind = 'handle'
where asked.kind = 'call' and asked.name = 'Quotes.ask' and asked.status = 'timeout' and asked.duration_s >= 3
  and answered.status = 'ok' and answered.end_ns > asked.end_ns and answered.duration_s > asked.duration_s
  and asked.message not in (select message from faults)
  and not exists (
    from lives where service = 'Quotes' and change = 'paused' and at_ns between answered.start_ns and answered.end_ns
  )
""",
)
