"""Says whether a withdrawal looks like fraud."""

from __future__ import annotations

from studio import S, Service

from .contracts import Withdrawal

service = Service("Risk", version="1.0.0", kind="query")


@service.operation(S.Risk.is_fraud, timeout="2s")
async def is_fraud(withdrawal: Withdrawal) -> bool:
    return withdrawal.amount > 1000
