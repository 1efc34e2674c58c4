"""Compare the virtual loop's rate with SimPy's, on the same request-reply work.

Clients call a service one request after another: one millisecond there, ten milliseconds of virtual work, one
millisecond back. Ours runs a real handler coroutine in a task of its own for each request, with a context, an
incarnation and cancellation; SimPy's server is a generator that takes requests from a store. With `--spread`, latencies
differ from call to call, so that hardly two things are due at the same instant.

Run: `python benchmarks/loop_rate.py [--clients 50] [--calls 2000] [--rounds 5] [--spread]`
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import simpy

from studio.simulation.randomness import stable_key
from studio.simulation.virtual.awaiting import perform, sleep_ns
from studio.simulation.virtual.incarnation import Incarnation
from studio.simulation.virtual.loop import VirtualLoop
from studio.simulation.virtual.task import Effect, HandlerTask

LATENCY_NS = 1_000_000
WORK_NS = 10_000_000

Handler = Callable[[int], Coroutine[Any, Any, int]]


class Service:
    """What is called: a handler, and the incarnation that runs it."""

    def __init__(self, loop: VirtualLoop, handler: Handler) -> None:
        self.loop = loop
        self.handler = handler
        self.incarnation = Incarnation("service", stable_key("service"), loop)
        self.context = self.incarnation.context()


class Call(Effect):
    """A bare call: there, a handler's task, and back."""

    __slots__ = ("latency_ns", "message", "service")

    def __init__(self, service: Service, message: int, latency_ns: int) -> None:
        self.service = service
        self.message = message
        self.latency_ns = latency_ns

    def arm(self, task: HandlerTask) -> None:
        """Send the request."""
        service = self.service
        service.loop.at(service.loop.now_ns + self.latency_ns, service.incarnation.key, deliver, self)

    def reply(self, done: HandlerTask) -> None:
        """Send the reply."""
        task = self.task
        if task is not None:
            loop = self.service.loop
            loop.at(loop.now_ns + self.latency_ns, task.incarnation.key, self.advance, done.result())


def deliver(call: Call) -> None:
    """Run the handler."""
    service = call.service
    coro = service.handler(call.message)
    HandlerTask(coro, service.loop, service.context, service.incarnation, call.reply).advance()


def latencies(clients: int, calls: int, *, spread: bool) -> list[list[int]]:
    """Return each call's latency, by client."""
    if not spread:
        return [[LATENCY_NS] * calls for _ in range(clients)]
    return [[LATENCY_NS + 7919 * ((who * 31 + n * 17) % 1009) + who for n in range(calls)] for who in range(clients)]


def run_studio(times: list[list[int]]) -> int:
    """Run the work on the virtual loop; return how many calls were answered."""
    loop = VirtualLoop(seed=1)
    answered = 0

    async def handler(message: int) -> int:
        await sleep_ns(WORK_NS)
        return message

    async def client(client_times: list[int]) -> None:
        nonlocal answered
        for n, latency_ns in enumerate(client_times):
            await perform(Call(service, n, latency_ns))
            answered += 1

    service = Service(loop, handler)
    for number, client_times in enumerate(times):
        caller = Incarnation(f"client {number}", stable_key(f"client {number}"), loop)
        task = HandlerTask(client(client_times), loop, caller.context(), caller)
        loop.at(0, caller.key, task.advance, None)
    loop.run_until_idle()
    loop.close()
    return answered


def run_simpy(times: list[list[int]]) -> int:
    """Run the work on SimPy; return how many calls were answered."""
    answered = 0
    environment = simpy.Environment()

    def server(inbox: simpy.Store) -> Generator[Any, Any, None]:
        while True:
            message, reply = yield inbox.get()
            yield environment.timeout(WORK_NS)
            reply.succeed(message)

    def client(inbox: simpy.Store, client_times: list[int]) -> Generator[Any, Any, None]:
        nonlocal answered
        for n, latency_ns in enumerate(client_times):
            reply = environment.event()
            yield environment.timeout(latency_ns)
            yield inbox.put((n, reply))
            yield reply
            yield environment.timeout(latency_ns)
            answered += 1

    for client_times in times:
        inbox = simpy.Store(environment)
        environment.process(server(inbox))
        environment.process(client(inbox, client_times))
    environment.run()
    return answered


def rate(work: Callable[[list[list[int]]], int], times: list[list[int]]) -> float:
    """Return calls for each second of the machine's time."""
    start = time.perf_counter()
    answered = work(times)
    elapsed_s = time.perf_counter() - start
    assert answered == sum(map(len, times)), f"answered={answered}"
    return answered / elapsed_s


def measure(clients: int, calls: int, rounds: int, *, spread: bool) -> tuple[float, float]:
    """Return the median rates of Studio and of SimPy over alternating runs."""
    times = latencies(clients, calls, spread=spread)
    pairs = [(rate(run_studio, times), rate(run_simpy, times)) for _ in range(rounds)]
    return statistics.median(ours for ours, _ in pairs), statistics.median(theirs for _, theirs in pairs)


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(description="Compare the virtual loop with SimPy.")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spread", action="store_true", help="let latencies differ from call to call")
    options = parser.parse_args()
    ours, theirs = measure(options.clients, options.calls, options.rounds, spread=options.spread)
    sys.stdout.write(f"studio {ours:10,.0f} calls/s\nsimpy  {theirs:10,.0f} calls/s\nratio  {ours / theirs:10.2f}\n")


if __name__ == "__main__":
    main()
