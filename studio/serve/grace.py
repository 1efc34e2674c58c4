"""End work gracefully: wait for it a while, then cancel what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from studio.ports import Clock

__all__ = ["end_within"]


async def end_within(tasks: Collection[asyncio.Task[Any]], clock: Clock, grace_ns: int) -> None:
    """Return when all tasks have ended: by themselves within the grace time, else cancelled.

    Their results and errors stay with them.

    Args:
        tasks: None of them the caller's own.
        clock: Measures the grace time.
        grace_ns: 0 cancels at once.
    """
    pending = {task for task in tasks if not task.done()}
    timer = asyncio.ensure_future(clock.sleep_ns(grace_ns))
    while pending and grace_ns > 0 and not timer.done():
        await asyncio.wait({timer, *pending}, return_when=asyncio.FIRST_COMPLETED)
        pending = {task for task in pending if not task.done()}
    for task in (timer, *pending):
        task.cancel()
    await asyncio.wait({timer, *pending})
