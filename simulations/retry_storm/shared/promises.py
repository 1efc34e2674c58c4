"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# Faults are over after 20 s; what they left behind, 10 s later. From then on all is as it was: everybody is answered.
Invariant(
    "answers_come_back",
    mode="eventually",
    sql="""
select count(*) as asked, count(*) filter (status = 'ok') as answered
from spans
where service = 'world' and kind = 'call' and start_s between 30 and 39
having count(*) filter (status = 'ok') < 0.9 * count(*)
""",
)
