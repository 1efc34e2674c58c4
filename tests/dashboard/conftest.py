"""A log of two runs and a dashboard over it; what is served ends with its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from studio.dashboard.dashboard_server import DashboardServer, serve_dashboard
from studio.dashboard.feed import Feed
from studio.store import Log, RunInfo

Serve = Callable[..., DashboardServer]
"""Serves a feed; takes the options of `serve_dashboard`."""


@pytest.fixture
def log() -> Log:
    """A log in memory: run 1 of `calm`, run 2 of `storm`."""
    log = Log.memory()
    for seed, scenario in enumerate(("calm", "storm")):
        buffer = log.record(RunInfo(scenario, seed, "abcdef0123456789", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC)))
        buffer.finish("finished", end_ns=2_000_000_000)
    return log


@pytest.fixture
def feed(log: Log) -> Feed:
    """What looks at that log."""
    return Feed.of_log(log)


@pytest.fixture
def serve(feed: Feed) -> Iterator[Serve]:
    """Serve dashboards; all end with the test."""
    served: list[DashboardServer] = []

    def start(of: Feed | None = None, **options: object) -> DashboardServer:
        served.append(serve_dashboard(of or feed, **options))  # type: ignore[arg-type]  # a test's own options
        return served[-1]

    yield start
    for server in served:
        server.stop()
