"""What tests of windows share: a log in a file and in memory, and a way to record a run in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from studio.records import Record
from studio.store import Buffer, Log, RunInfo

Write = Callable[[Log, Iterable[Record]], Buffer]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "studio.duckdb"


@pytest.fixture(params=["memory", "file"])
def log(request: pytest.FixtureRequest, file: Path) -> Log:
    """A log of either kind."""
    return Log.memory() if request.param == "memory" else Log.open(file)


@pytest.fixture(scope="session")
def begun(info: RunInfo) -> Write:
    """What begins a run and hands some records to the log."""

    def write(log: Log, records: Iterable[Record]) -> Buffer:
        buffer = log.record(info, batch_rows=500)
        for record in records:
            buffer.write(record)
        buffer.flush()
        return buffer

    return write


@pytest.fixture(scope="session")
def recorded(begun: Write) -> Callable[[Log, Iterable[Record]], int]:
    """What records a whole run and returns its number."""

    def write(log: Log, records: Iterable[Record]) -> int:
        buffer = begun(log, records)
        buffer.finish("finished", end_ns=3_000_000_020)
        return buffer.run

    return write
