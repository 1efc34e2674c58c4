"""What must hold, whatever goes wrong."""

from __future__ import annotations

from studio import Invariant

# An order may get stuck for other reasons, such as a warehouse that does not come back; here it is about the code that
# it needs: its version (STU441), or a step of it (STU442), is gone.
Invariant(
    "every_order_finds_its_code",
    mode="eventually",
    sql="""
select saga, version, reason
from sagas
where state = 'stuck' and reason in ('STU441', 'STU442')
""",
)
