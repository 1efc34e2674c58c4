"""Drive a cluster through time: work that is due by itself, jobs by their schedule, health checks by their interval.

Jobs and checks never end, so they are no timers of the loop: the driver stops at each of their instants. While a world
settles they rest, so that it can come to rest at all.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from studio.model.schedule import next_tick_ns
from studio.records import LogLine
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.cluster.complaints import raise_error
from studio.simulation.cluster.node import Node
from studio.simulation.cluster.surroundings import EPOCH_NS

__all__ = ["BUSY", "Rest", "Timetable"]

BUSY = "still busy after"
"""How the line of the log begins that says that a world did not come to rest."""

Rest = Literal["at rest", "busy", "stopped"]
"""How a world stands after it was to settle: nothing left to do, not done within the limit, stopped by hand."""


@dataclass(slots=True, eq=False)
class _Entry:
    """Something that comes again and again."""

    due_ns: int
    next_ns: Callable[[int], int]
    fire: Callable[[int], None]


class Timetable:
    """Regular work of a cluster.

    Args:
        cluster: Whose.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._entries: list[_Entry] = []
        self._fill()
        cluster.redeployed.append(self._fill)

    def _fill(self) -> None:
        """Enter the jobs and checks of the program that runs now."""
        self._entries.clear()
        for service in self._cluster.build.graph.services.values():
            for job in service.jobs:
                self._add(self._tick(job.schedule), self._job(service.name, job.name))
            if service.checks:
                interval_ns = min(check.interval_ns for check in service.checks)
                self._add(_every(interval_ns), self._checks(service.name))

    def run_until_ns(self, deadline_ns: int) -> bool:
        """Run everything until an instant, regular work included; False when stopped before."""
        loop = self._cluster.loop
        while True:
            due = min(self._entries, key=lambda entry: entry.due_ns, default=None)
            if due is None or due.due_ns > deadline_ns:
                return loop.run_until_ns(deadline_ns)
            if due.due_ns > loop.now_ns and not loop.run_until_ns(due.due_ns):
                return False
            now_ns = loop.now_ns
            due.fire(due.due_ns)
            due.due_ns = due.next_ns(now_ns)

    def next_ns(self) -> int | None:
        """Return the next instant at which something is due, regular work included; None where nothing ever is."""
        regular_ns = min((entry.due_ns for entry in self._entries), default=None)
        next_ns = self._cluster.loop.next_ns()
        if next_ns is None or regular_ns is None:
            return regular_ns if next_ns is None else next_ns
        return max(min(next_ns, regular_ns), self._cluster.loop.now_ns)

    def is_free(self, when_ns: int) -> bool:
        """Say whether nothing is due at an instant that is to come, as far as that is known by now."""
        return when_ns not in self._cluster.loop.buckets and all(entry.due_ns != when_ns for entry in self._entries)

    def settle(self, limit_ns: int) -> Rest:
        """Run until nothing is left but regular work, which rests meanwhile.

        Args:
            limit_ns: Instant after which nothing is run.
        """
        loop = self._cluster.loop
        rested = loop.run_until_idle(limit_ns=limit_ns)
        for entry in self._entries:
            while entry.due_ns <= loop.now_ns:
                entry.due_ns = entry.next_ns(loop.now_ns)
        next_ns = loop.next_ns()
        if rested or next_ns is None:
            return "at rest"
        return "stopped" if next_ns <= limit_ns else "busy"

    def tell_busy(self, limit: str) -> None:
        """Write down that a world did not come to rest within a limit, `settle=10m`, and what kept it from it."""
        cluster = self._cluster
        if cluster.recorder is not None:
            fields = json.dumps({"undelivered": cluster.broker.undelivered(), "running": cluster.running()})
            text = f"{BUSY} {limit}"
            cluster.recorder.write(LogLine(cluster.loop.now_ns, "world", 0, "warning", text, fields, 0, 0))

    def _add(self, next_ns: Callable[[int], int], fire: Callable[[int], None]) -> None:
        self._entries.append(_Entry(next_ns(self._cluster.loop.now_ns), next_ns, fire))

    def _tick(self, schedule: str) -> Callable[[int], int]:
        return lambda now_ns: next_tick_ns(schedule, EPOCH_NS + now_ns) - EPOCH_NS

    def _job(self, service: str, name: str) -> Callable[[int], None]:
        """Return what runs a job once per tick, at one replica; with all of them down the tick is missed."""

        def fire(tick_ns: int) -> None:
            node = self._cluster.fleets[service].pick()
            if node is not None:
                self._cluster.spawn(node, node.replica.run_job(name, tick_ns), raise_error)

        return fire

    def _checks(self, service: str) -> Callable[[int], None]:
        def fire(_: int) -> None:
            for node in self._cluster.fleets[service].nodes:
                self._check(node)

        return fire

    def _check(self, node: Node) -> None:
        if node.incarnation is not None:
            self._cluster.spawn(node, node.replica.check_health(), functools.partial(_found, node, node.life))


def _found(node: Node, life: int, check: Any) -> None:
    """Keep what a check found, unless the process that it asked has died since."""
    raise_error(check)
    if not check.cancelled() and node.life == life:
        node.is_healthy = check.result().ok


def _every(interval_ns: int) -> Callable[[int], int]:
    return lambda now_ns: now_ns + interval_ns
