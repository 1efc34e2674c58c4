"""What tests of windows share: a log in a file and in memory, and a way to record a run in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from studio.graph.system import System
from studio.records import Record
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.source.directory import read
from studio.store import Buffer, Log, RunInfo
from studio.store.windows.log_view import LogView
from studio.store.windows.run_view import RunView

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


@pytest.fixture(scope="session")
def stormy_log() -> Log:
    """Where the run of `stormy` is."""
    return Log.memory()


@pytest.fixture(scope="session")
def stormy(root: Path, stormy_log: Log) -> Run:
    """A run of the order system in a storm: errors, timeouts, a crash, sagas that were undone."""
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return simulate("storm", seed=4, system=system.build(), log=stormy_log)


@pytest.fixture(scope="session")
def stormy_view(stormy: Run, stormy_log: Log) -> Iterator[RunView]:
    """The same run, to be asked by windows."""
    found = LogView.of(stormy_log)
    yield found.run(stormy.number)
    found.close()
