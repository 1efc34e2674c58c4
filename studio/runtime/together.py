"""Run several things at once so that none outlives the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["all_or_first_error", "cancel_and_wait"]

Result = TypeVar("Result")


async def all_or_first_error(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Run coroutines at once and return their results in order.

    At the first error the others are cancelled and waited for, and that error is raised as it is; likewise when this is
    cancelled. On a crash nothing is awaited: there is no `finally`, which the closing of dead frames would run.
    """
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        await cancel_and_wait(tasks)
        raise
    ended = [task for task in tasks if task.done() and not task.cancelled()]
    failures = [error for task in ended if (error := task.exception()) is not None]
    if failures:
        await cancel_and_wait(tasks)
        raise failures[0]
    return [task.result() for task in tasks]


async def cancel_and_wait(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel what is still under way and wait for it; what it raises meanwhile is of no interest any more."""
    pending = [task for task in tasks if not task.done()]
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # else the loop reports it as never retrieved
