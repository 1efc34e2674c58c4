"""Read cron schedules; ticks are instants of UTC, computed from any start, so that virtual and real time agree."""

from __future__ import annotations

import datetime as dt

from studio.errors import InvalidCron, Where
from studio.model.duration import SECOND_NS

__all__ = ["check_schedule", "next_tick_ns"]


def next_tick_ns(schedule: str, after_ns: int) -> int:
    """Return the first tick later than an instant.

    Args:
        schedule: Cron, five or six fields.
        after_ns: Nanoseconds since the epoch.
    """
    from cronsim import CronSim

    start = dt.datetime.fromtimestamp(after_ns // SECOND_NS, tz=dt.UTC)
    return round(next(CronSim(schedule, start)).timestamp()) * SECOND_NS


def check_schedule(schedule: str, *, service: str, job: str, where: Where | None) -> None:
    """Refuse a schedule that cannot be read or never comes.

    Raises:
        InvalidCron: With service, job, schedule and the reason.
    """
    from cronsim import CronSimError

    try:
        next_tick_ns(schedule, 0)
    except CronSimError as error:
        raise InvalidCron(
            service=service, job=job, schedule=schedule, reason=f"cannot be read: {error}", where=where
        ) from error
    except StopIteration as error:
        raise InvalidCron(service=service, job=job, schedule=schedule, reason="never comes", where=where) from error
