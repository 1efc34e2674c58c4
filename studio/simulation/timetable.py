"""Drive a cluster through time: work that is due by itself, jobs by their schedule, health checks by their interval.

Jobs and checks never end, so they are no timers of the loop: the driver stops at each of their instants. While a world
settles they rest, so that it can come to rest at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.model.schedule import next_tick_ns
from studio.simulation.cluster import Cluster
from studio.simulation.node import Node
from studio.simulation.surroundings import EPOCH_NS

__all__ = ["Timetable"]


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
        for service in cluster.build.graph.services.values():
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

    def settle(self, limit_ns: int) -> bool:
        """Run until nothing is left but regular work, which rests meanwhile; False when the limit came first."""
        rested = self._cluster.loop.run_until_idle(limit_ns=limit_ns)
        now_ns = self._cluster.loop.now_ns
        for entry in self._entries:
            while entry.due_ns <= now_ns:
                entry.due_ns = entry.next_ns(max(entry.due_ns, now_ns))
        return rested

    def _add(self, next_ns: Callable[[int], int], fire: Callable[[int], None]) -> None:
        self._entries.append(_Entry(next_ns(0), next_ns, fire))

    def _tick(self, schedule: str) -> Callable[[int], int]:
        return lambda now_ns: next_tick_ns(schedule, EPOCH_NS + now_ns) - EPOCH_NS

    def _job(self, service: str, name: str) -> Callable[[int], None]:
        """Return what runs a job once per tick, at one replica; with all of them down the tick is missed."""

        def fire(tick_ns: int) -> None:
            node = self._cluster.fleets[service].pick()
            if node is not None:
                self._cluster.spawn(node, node.replica.run_job(name, tick_ns), _retrieve)

        return fire

    def _checks(self, service: str) -> Callable[[int], None]:
        def fire(_: int) -> None:
            for node in self._cluster.fleets[service].nodes:
                self._check(node)

        return fire

    def _check(self, node: Node) -> None:
        if node.incarnation is not None:
            self._cluster.spawn(node, node.replica.check_health(), _retrieve)


def _every(interval_ns: int) -> Callable[[int], int]:
    return lambda now_ns: now_ns + interval_ns


def _retrieve(task: Any) -> None:
    if not task.cancelled():
        task.exception()
