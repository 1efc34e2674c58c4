"""Options of the benchmarks, and the request-reply that several measure; figures are printed, never asserted.

They are small by default, large with `--large`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.graph.system import Build, System
from studio.model.distribution import distribution
from studio.model.fault import Fault
from studio.ports import Recorder
from studio.simulation.cluster.cluster import Cluster, Conditions
from studio.simulation.cluster.outside import Outside
from studio.source.cell import cell_from_text

CLIENTS = 50
END_NS = 3_600_000_000_000

CELLS = (
    """%%contracts bench
class Ping(Contract):
    n: int

class Go(Contract):
    calls: int
""",
    """%%service Echo --version 1.0.0
@service.operation($.Echo.echo)
async def echo(ping: Ping) -> Ping:
    return ping
""",
    """%%service Client --version 1.0.0
@service.operation($.Client.go, timeout="24h")
async def go(go: Go) -> None:
    for n in range(go.calls):
        await Echo.echo(Ping(n=n))
""",
    """%%service Other --version 1.0.0
@service.operation($.Other.act)
async def act(ping: Ping) -> Ping:
    return ping
""",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--large`."""
    parser.addoption("--large", action="store_true", help="run the benchmarks at full size")


@pytest.fixture
def large(request: pytest.FixtureRequest) -> bool:
    """Whether the full size was asked for."""
    return bool(request.config.getoption("--large"))


@pytest.fixture
def build() -> Build:
    """Two services that talk, and one that nobody calls."""
    system = System()
    for cell in CELLS:
        source = cell_from_text(cell)
        assert source is not None
        system.define(source)
    return system.build()


@pytest.fixture
def request_reply(build: Build) -> Callable[..., int]:
    """What lets every client make so many calls, perhaps recorded, perhaps under a plan; it returns how many in all."""

    def run(calls: int, recorder: Recorder | None = None, plan: tuple[Fault, ...] = ()) -> int:
        conditions = Conditions(service_times={"Echo.echo": distribution("10ms")}, plan=plan)
        cluster = Cluster(build, conditions, recorder)
        cluster.start()
        outside = Outside(cluster)
        message = build.graph.contracts["Go"](calls=calls)
        for _ in range(CLIENTS):
            cluster.spawn(None, outside.send("bench", "Client.go", message), lambda task: task.result())
        cluster.loop.run_until_idle(limit_ns=END_NS)
        cluster.close()
        return CLIENTS * calls

    return run
