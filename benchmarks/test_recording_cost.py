"""What recording costs, and what the spans among the records do: on against off, in percent of processor time.

*Recording* is everything that is written down, into a log in memory. *Tracing* is the spans alone. There is no switch
for these: sagas, invariants and pictures read them. So a recorder drops spans as they come; the figure is what it costs
to keep them, while ids and their passing on, which are part of what a message is, go on. Rounds take turns, and the
best of each counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from studio.graph.system import Build, System
from studio.model.duration import duration_ns
from studio.ports import Recorder
from studio.records import Record, Span
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Timetable
from studio.simulation.logbook import info_of
from studio.simulation.stage import conditions_of, set_up
from studio.simulation.workload.arrivals import Arrivals
from studio.source.directory import read
from studio.store import Buffer, Log

ORDERS = Path(__file__).parent.parent / "simulations" / "orders"
ROUNDS = 5

Work = Callable[[Build, Recorder | None], object]


class WithoutSpans:
    """A recorder that passes on everything but spans."""

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer

    def write(self, record: Record) -> None:
        """Take one record."""
        if type(record) is not Span:
            self._buffer.write(record)


def test_request_reply(build: Build, request_reply: Callable[..., int], large: bool) -> None:
    calls = 1000 if large else 100
    tell(f"request-reply, {calls} calls of each client", build, lambda _, to: request_reply(calls, to))


def test_order_saga(large: bool) -> None:
    system = System()
    system.define_all(read(ORDERS))
    duration = "5m" if large else "20s"
    tell(f"order saga, {duration} of virtual time", system.build(), lambda build, to: orders(build, duration, to))


def orders(build: Build, duration: str, recorder: Recorder | None) -> None:
    """Let orders arrive for a time and come to rest; nothing is checked."""
    scenario = build.graph.scenarios["calm"]
    cluster = set_up(build, conditions_of(build, scenario, scenario.seed, ()), recorder, scenario.givens)
    outside, end_ns = Outside(cluster), duration_ns(duration)
    for number, work in enumerate(scenario.workloads, start=1):
        Arrivals(cluster, outside, work, number, end_ns).start()
    timetable = Timetable(cluster)
    timetable.run_until_ns(end_ns)
    timetable.settle(end_ns * 2)
    cluster.close()


def tell(what: str, build: Build, work: Work) -> None:
    """Print what recording and tracing cost in some work."""
    off, untraced, full = best_of(
        lambda: work(build, None),
        lambda: recorded(build, work, traced=False),
        lambda: recorded(build, work, traced=True),
    )
    print(f"\n{what}: {off * 1000:.0f} ms of processor time with nothing recorded")
    print(f"  recording on against off  {full / off - 1:+7.1%}")
    print(f"  tracing on against off    {full / untraced - 1:+7.1%}  (all else is recorded in both)")


def recorded(build: Build, work: Work, *, traced: bool) -> None:
    """Do work with its records kept in memory."""
    buffer = Log.memory().record(info_of(build, "bench", 0))
    work(build, buffer if traced else WithoutSpans(buffer))
    buffer.finish("finished", end_ns=0)


def best_of(*ways: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Measure several ways in turn, A B C A B C …, and return the least time of each, after a round that warms up."""
    found = [[spent_s(way) for way in ways] for _ in range(rounds + 1)][1:]
    return [min(each) for each in zip(*found, strict=True)]


def spent_s(way: Callable[[], object]) -> float:
    """Return the processor time that something takes."""
    start = time.process_time()
    way()
    return time.process_time() - start
