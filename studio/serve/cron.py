"""Run jobs at the ticks of their schedules: each tick once, whatever the number of replicas and processes.

A tick belongs to whoever commits it first: a document for each job holds its last tick, and its version is the lease.
The commit comes before the run, so a crash in between loses the tick; run first, and a crash would run it twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from dataclasses import dataclass

from studio.errors import StorageConflict, StorageUnavailable
from studio.model.duration import SECOND_NS
from studio.model.schedule import next_tick_ns
from studio.ports import Clock, Storage, Write
from studio.serve.grace import end_within

__all__ = ["CRON", "JOBS", "Cron", "ScheduledJob"]

CRON, JOBS = "$cron", "$jobs"
LATE_NS = 60 * SECOND_NS
"""How late a tick may still run; older ones were missed."""
NAP_NS = 30 * SECOND_NS
"""Longest sleep, so that a wall clock that was set is noticed."""
STORAGE_PAUSE_NS = SECOND_NS

Run = Callable[[str, str, int], Awaitable[object]]
"""Run a job for a tick: service, job, tick in nanoseconds since the epoch. Called in an empty context."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job, as the cron knows it.

    Args:
        service: Owner.
        job: Its name.
        schedule: Cron, five or six fields, UTC.
    """

    service: str
    job: str
    schedule: str


class Cron:
    """Run each job at its ticks, one tick at a time.

    A tick that comes while the job still runs, or while nobody lives, runs up to a minute late; of several the latest.
    A job that was never seen before begins with the first tick after its first start.

    Args:
        jobs: What to run.
        storage: Where the last ticks are kept.
        clock: Nanoseconds since the epoch.
        run: Runs a job; what it raises is its own affair, and the next tick comes all the same.
    """

    def __init__(self, jobs: Iterable[ScheduledJob], storage: Storage, clock: Clock, run: Run) -> None:
        self._jobs, self._storage, self._clock, self._run = tuple(jobs), storage, clock, run
        self._watching: list[asyncio.Task[None]] = []
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to watch the schedules."""
        self._watching = [asyncio.create_task(self._watch(job)) for job in self._jobs]

    async def stop(self, grace_ns: int = 10 * SECOND_NS) -> None:
        """Begin no more ticks, and let running jobs finish for a grace time."""
        await end_within(self._watching, self._clock, 0)
        await end_within(self._running, self._clock, grace_ns)

    async def _watch(self, job: ScheduledJob) -> None:
        while True:
            try:
                due_ns = await self._claim(job)
            except StorageUnavailable:
                await self._clock.sleep_ns(STORAGE_PAUSE_NS)
                continue
            if due_ns:
                task = asyncio.create_task(self._run_once(job, due_ns), context=Context())
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                await asyncio.wait({task})
            else:
                now_ns = self._clock.now_ns()
                await self._clock.sleep_ns(min(NAP_NS, next_tick_ns(job.schedule, now_ns) - now_ns))

    async def _run_once(self, job: ScheduledJob, tick_ns: int) -> None:
        with contextlib.suppress(Exception):  # the runner has recorded it
            await self._run(job.service, job.job, tick_ns)

    async def _claim(self, job: ScheduledJob) -> int:
        """Return the tick that is due and now ours, or 0 when none is."""
        key, now_ns = f"{job.service}/{job.job}", self._clock.now_ns()
        found = await self._storage.get(CRON, JOBS, key)
        last_ns, version = (0, 0) if found is None else (int(json.loads(found.body)), found.version)
        due_ns = _latest_tick_ns(job.schedule, max(last_ns, now_ns - LATE_NS), now_ns) if found else 0
        if found is not None and not due_ns:
            return 0
        kept_ns = due_ns or now_ns  # of a new job: what lies before now is none of its ticks
        try:
            await self._storage.commit([Write(CRON, JOBS, key, b"%d" % kept_ns, version)])
        except StorageConflict:  # another one has claimed it
            return 0
        return due_ns


def _latest_tick_ns(schedule: str, after_ns: int, now_ns: int) -> int:
    """Return the last tick later than one instant and not later than the other, or 0 when there is none."""
    latest_ns, tick_ns = 0, next_tick_ns(schedule, after_ns)
    while tick_ns <= now_ns:
        latest_ns, tick_ns = tick_ns, next_tick_ns(schedule, tick_ns)
    return latest_ns
