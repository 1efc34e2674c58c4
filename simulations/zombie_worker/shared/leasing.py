"""Leases with an end, so that a worker that dies holds up nobody for long."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from studio import StorageConflict

from .contracts import AccountBusy, Lease

LEASE_S = 5


@asynccontextmanager
async def leased(leases: Any, account: str) -> AsyncIterator[None]:
    """Hold the lease on an account, unless somebody else does; two who try at once are told apart by its version."""
    lease, version = await leases.get_versioned(account) or (None, 0)
    if lease is not None and time.time() < lease.until:
        raise AccountBusy(f"{account} is worked on")
    try:
        version = await leases.put(Lease(account=account, until=time.time() + LEASE_S), expected_version=version)
    except StorageConflict:
        raise AccountBusy(f"somebody was faster to take {account}") from None
    try:
        yield
    finally:
        with suppress(StorageConflict):  # it has run out, and is another's by now
            await leases.put(Lease(account=account, until=0), expected_version=version)
