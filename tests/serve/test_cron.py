"""Jobs on a schedule: once per tick, whatever the replicas."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from studio.serve.cron import Cron, ScheduledJob
from studio.simulation.cluster.memory import MemoryStorage

if TYPE_CHECKING:
    from tests.serve.conftest import ManualClock

pytestmark = pytest.mark.anyio

HOURLY = ScheduledJob("Shop", "recount", "0 * * * *")
NOON_NS = round(dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC).timestamp()) * 10**9
SECOND_NS = 10**9


class Crew:
    """Crons on one storage, and what they ran: hours, minutes and seconds of the ticks."""

    def __init__(self, clock: ManualClock, job: ScheduledJob = HOURLY) -> None:
        self.clock, self.job, self.storage = clock, job, MemoryStorage()
        self.ticks: list[str] = []
        self.takes_s = 0.0
        self.fails = False

    async def run(self, service: str, job: str, tick_ns: int) -> None:
        assert (service, job) == (self.job.service, self.job.job)
        self.ticks.append(f"{dt.datetime.fromtimestamp(tick_ns // SECOND_NS, tz=dt.UTC):%H:%M:%S}")
        if self.fails:
            raise RuntimeError
        if self.takes_s:
            await self.clock.sleep_ns(round(self.takes_s * SECOND_NS))

    async def started(self) -> Cron:
        cron = Cron([self.job], self.storage, self.clock, self.run)
        cron.start()
        await self.clock.settle()
        return cron


@pytest.fixture
def crew(clock: ManualClock) -> Crew:
    clock._now_ns = NOON_NS - 90 * SECOND_NS  # noqa: SLF001 - where the story begins
    return Crew(clock)


async def test_a_job_runs_at_its_ticks(crew: Crew) -> None:
    cron = await crew.started()
    await crew.clock.advance(89)
    assert crew.ticks == []
    await crew.clock.advance(1)
    assert crew.ticks == ["12:00:00"]
    await crew.clock.advance(2 * 3600)
    assert crew.ticks == ["12:00:00", "13:00:00", "14:00:00"]
    await cron.stop()


async def test_two_crons_run_a_tick_once(crew: Crew) -> None:
    crons = [await crew.started() for _ in range(3)]
    await crew.clock.advance(3 * 3600)
    assert crew.ticks == ["12:00:00", "13:00:00", "14:00:00"]
    for cron in crons:
        await cron.stop()


@pytest.mark.parametrize(("back_after_s", "ticks"), [(59, ["12:00:00"]), (61, []), (24 * 3600 + 30, ["12:00:00"])])
async def test_a_tick_while_nobody_lived_runs_up_to_a_minute_late(
    crew: Crew, back_after_s: float, ticks: list[str]
) -> None:
    await (await crew.started()).stop()
    await crew.clock.advance(90 + back_after_s)
    cron = await crew.started()
    assert crew.ticks == ticks
    await cron.stop()


async def test_a_tick_is_not_run_again_after_a_restart(crew: Crew) -> None:
    cron = await crew.started()
    await crew.clock.advance(100)
    await cron.stop()
    cron = await crew.started()
    assert crew.ticks == ["12:00:00"]
    await cron.stop()


async def test_a_new_job_begins_with_the_next_tick(crew: Crew) -> None:
    await crew.clock.advance(100)
    cron = await crew.started()
    assert crew.ticks == []
    await cron.stop()


async def test_a_job_that_raises_comes_again(crew: Crew) -> None:
    crew.fails = True
    cron = await crew.started()
    await crew.clock.advance(2 * 3600)
    assert crew.ticks == ["12:00:00", "13:00:00"]
    await cron.stop()


async def test_of_ticks_that_pass_while_the_job_runs_the_latest_runs_late(clock: ManualClock) -> None:
    clock._now_ns = NOON_NS - SECOND_NS // 2  # noqa: SLF001
    crew = Crew(clock, ScheduledJob("Shop", "poll", "* * * * * *"))
    crew.takes_s = 2.5
    cron = await crew.started()
    await clock.advance(6)
    assert crew.ticks == ["12:00:00", "12:00:02", "12:00:05"]
    await asyncio.gather(cron.stop(), clock.advance(3))


async def test_stopping_lets_a_running_job_finish(crew: Crew) -> None:
    crew.takes_s = 5
    cron = await crew.started()
    await crew.clock.advance(91)
    stopping = asyncio.create_task(cron.stop())
    await crew.clock.advance(3.9)
    assert not stopping.done()
    await crew.clock.advance(0.1)
    assert stopping.done()
