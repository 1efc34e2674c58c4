"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# Who is paused, or whose message is slow, comes late whatever it does: here it is about calls that nothing befell, to a
# process that did not stand still.
Invariant(
    "nobody_answers_too_late",
    sql="""
select asked.message, asked.end_s as given_up_s, answered.end_s as answered_s
from spans asked join spans answered on answered.message = asked.message and answered.kind = 'handle'
where asked.kind = 'call' and asked.name = 'Quotes.ask'
  and asked.status = 'timeout' and answered.status = 'ok' and answered.end_ns > asked.end_ns
  and asked.message not in (select message from faults)
  and not exists (
    from lives where service = 'Quotes' and change = 'paused' and at_ns between answered.start_ns and answered.end_ns
  )
""",
)
