"""Simulated request-reply between two services: 50 clients, 1 ms there and back, 10 ms of virtual work.

The peer is SimPy's model of the same: one server process that starts a process for each request, one store for
requests, one event for each reply. Ours (`conftest.py`) is the whole way of a message: a typed handle, an encoded and
validated contract, dispatch, a replica, a typed answer. *Bare* has recording off; *recorded* writes every message,
delivery and span to a DuckDB file. Rates are of processor time, so that a busy machine is fair to both.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from statistics import median
from typing import Any

from studio.graph.system import Build
from studio.simulation.logbook import info_of
from studio.store import Log

CLIENTS = 50
LATENCY_S, WORK_S = 0.001, 0.010


def with_simpy(calls: int) -> None:
    """Do the same work in SimPy."""
    import simpy

    environment = simpy.Environment()
    inbox = simpy.Store(environment)

    def server() -> Generator[Any, Any, None]:
        while True:
            message, reply = yield inbox.get()
            environment.process(work(message, reply))

    def work(message: Any, reply: Any) -> Generator[Any, Any, None]:
        yield environment.timeout(WORK_S)
        reply.succeed(message)

    def client() -> Generator[Any, Any, None]:
        for number in range(calls):
            reply = environment.event()
            yield environment.timeout(LATENCY_S)
            inbox.put((number, reply))
            yield reply
            yield environment.timeout(LATENCY_S)

    environment.process(server())
    for _ in range(CLIENTS):
        environment.process(client())
    environment.run()


def recorded(build: Build, calls: int, request_reply: Callable[..., int]) -> None:
    """Do it with every record written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        log = Log.open(Path(folder) / "studio.duckdb")
        buffer = log.record(info_of(build, "bench", 0))
        request_reply(calls, buffer)
        buffer.finish("finished", end_ns=0)


def rate(calls: int, work: Callable[[], None]) -> Callable[[], float]:
    """Return what measures calls per second of processor time."""

    def measure() -> float:
        start = time.process_time()
        work()
        return CLIENTS * calls / (time.process_time() - start)

    return measure


def in_turn(*rates: Callable[[], float], rounds: int) -> list[float]:
    """Measure several things in turn, A B A B …, so that a machine whose speed drifts is fair to all; return medians.

    Args:
        rates: Each returns a rate.
        rounds: How often each is measured, after one round that warms up.
    """
    found = [[measure() for measure in rates] for _ in range(rounds + 1)][1:]
    return [median(each) for each in zip(*found, strict=True)]


def test_request_reply_against_simpy(build: Build, request_reply: Callable[..., int], large: bool) -> None:
    calls = 2000 if large else 400
    bare, full, peer = in_turn(
        rate(calls, lambda: void(request_reply(calls))),
        rate(calls, lambda: recorded(build, calls, request_reply)),
        rate(calls, lambda: with_simpy(calls)),
        rounds=5 if large else 3,
    )
    print(f"\nrequest-reply, {CLIENTS} clients × {calls} calls")
    print(f"  SimPy          {peer:10,.0f} calls/s")
    print(f"  studio, bare   {bare:10,.0f} calls/s  {bare / peer:5.2f} × SimPy (aim 2.0)")
    print(f"  recorded       {full:10,.0f} calls/s  {full / peer:5.2f} × SimPy (aim 0.5, better 1.0)")


def void(_: object) -> None:
    """Drop a value."""
