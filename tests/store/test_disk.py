"""The log's file: other processes, other forms, other files, full disks; and nothing lost."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from studio.errors import LogLocked, LogUnwritable, LogVersion, NotALog, UnknownRun
from studio.records import PolicyChange, Record, canonical
from studio.store import Log, RunInfo, schema

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"

ADD_RUN_OF_FORM_1 = (
    "insert into raw.runs values ({run}, {scenario}, {seed}, {sources}, {studio}, {python}, {started}, 'running', "
    "0, 0, '{{}}', '', {shape})"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "studio.duckdb"


def recorded(log: Log, info: RunInfo, records: list[Record], *, batch_rows: int = 65_536) -> int:
    buffer = log.record(info, batch_rows=batch_rows)
    for record in records:
        buffer.write(record)
    buffer.finish("finished", end_ns=9)
    return buffer.run


@contextmanager
def held(file: Path) -> Iterator[int]:
    """Hold the file open in another process."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate("")


def test_a_run_is_read_from_the_file_as_it_was_written(file: Path, info: RunInfo, orders: list[Record]) -> None:
    run = recorded(Log.open(file), info, orders, batch_rows=5)
    again = Log.open(file).run(run)
    assert list(again.records()) == orders
    assert again.row.info == info
    assert (again.row.status, again.row.records, again.row.end_ns) == ("finished", len(orders), 9)
    assert again.row.counts["sagas"] == 6


def test_the_file_is_free_between_batches(file: Path, info: RunInfo, orders: list[Record]) -> None:
    buffer = Log.open(file).record(info, batch_rows=5)
    for record in orders:
        buffer.write(record)
    with held(file):
        pass
    buffer.flush()
    assert Log.open(file).runs()[0].records == len(orders)


def test_a_file_in_use_names_the_process_and_keeps_the_records(file: Path, info: RunInfo, orders: list[Record]) -> None:
    log = Log.open(file, patience_s=0)
    buffer = log.record(info)
    buffer.write(orders[0])
    with held(file) as process, pytest.raises(LogLocked) as caught:
        buffer.flush()
    assert f"process {process}" in str(caught.value)
    buffer.flush()
    assert log.runs()[0].records == 1


def test_waiting_ends_when_the_other_process_lets_go(
    file: Path, info: RunInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log.open(file)
    log.record(info)
    with held(file) as process:

        def end_it(_: float) -> None:
            os.kill(process, 9)
            os.waitpid(process, 0)

        monkeypatch.setattr(time, "sleep", end_it)
        assert len(log.runs()) == 1


def test_a_file_of_a_later_form_is_left_alone(file: Path, info: RunInfo) -> None:
    log = Log.open(file)
    log.record(info)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update studio_log set version = 99")
    with pytest.raises(LogVersion, match="form 99"):
        log.runs()


def test_a_file_of_an_earlier_form_is_brought_forward(
    file: Path, info: RunInfo, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(Log.open(file), info, orders)
    add = ["create table raw.notes as select run, scenario as note from raw.runs"]
    monkeypatch.setattr("studio.store.opening.MIGRATIONS", [*schema.MIGRATIONS, lambda: add])
    monkeypatch.setattr("studio.store.opening.VERSION", schema.VERSION + 1)
    assert list(Log.open(file).run(run).records()) == orders
    with duckdb.connect(str(file)) as connection:
        assert connection.execute("from studio_log").fetchall() == [(schema.VERSION + 1,)]
        assert connection.execute("from raw.notes").fetchall() == [(1, "payment_outage")]


def test_a_file_of_form_1_is_opened_and_takes_what_policies_do(
    file: Path, info: RunInfo, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr("studio.store.opening.VERSION", 1)
        then.setattr("studio.store.queries.ADD_RUN", ADD_RUN_OF_FORM_1)
        then.setattr("studio.store.queries.GET_RUN", "select *, '', '', '' from raw.runs where run = {run}")
        run = recorded(Log.open(file), info, [each for each in orders if not isinstance(each, PolicyChange)])
    opened = PolicyChange(5, "Order", 1, "breaker", "Payment.process", "opened", "5 of 5 failed", 3, 4, 2)
    later = recorded(Log.open(file), info, [opened])
    assert len(list(Log.open(file).run(run).records())) == len(orders)
    assert list(Log.open(file).run(later).records()) == [opened]
    assert Log.open(file).run(later).policies["change"].to_list() == ["opened"]


def test_a_file_of_form_3_is_brought_forward_and_keeps_systems_from_then_on(
    file: Path, info: RunInfo, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr("studio.store.opening.VERSION", 3)
        then.setattr("studio.store.queries.ADD_RUN", ADD_RUN_OF_FORM_1.replace("{shape}", "{shape}, {case}"))
        then.setattr("studio.store.queries.GET_RUN", "select *, '', '' from raw.runs where run = {run}")
        recorded(Log.open(file), info, orders)
    with_system = replace(info, topology='{"nodes":[],"edges":[]}')
    recorded(Log.open(file), with_system, orders)
    assert [row.info for row in Log.open(file).runs()] == [info, with_system]
    assert [bool(row.holder) for row in Log.open(file).runs()] == [False, True]
    with duckdb.connect(str(file)) as connection:
        assert connection.execute("from studio_log").fetchall() == [(schema.VERSION,)]


def test_other_files_are_refused_and_left_alone(file: Path, info: RunInfo) -> None:
    for content in (b"", b"some text", b"SQLite format 3\0" + b"\0" * 100, b"\0" * 8 + b"DUCK" + b"\0" * 9000):
        file.write_bytes(content)
        with pytest.raises((NotALog, LogVersion)):
            Log.open(file).record(info)
        assert file.read_bytes() == content


def test_a_database_of_somebody_else_is_refused(file: Path, info: RunInfo) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table customers as select 1 as id")
    with pytest.raises(NotALog, match="customers"):
        Log.open(file).record(info)


def test_a_database_of_sqlite_is_refused(file: Path, info: RunInfo) -> None:
    connection = sqlite3.connect(file)
    connection.execute("create table a (b)")
    connection.close()
    with pytest.raises(NotALog, match="no DuckDB file"):
        Log.open(file).record(info)


def test_a_path_that_leads_nowhere_says_why(tmp_path: Path, info: RunInfo) -> None:
    with pytest.raises(LogUnwritable, match="No such file or directory"):
        Log.open(tmp_path / "none" / "studio.duckdb").record(info)
    with pytest.raises(LogUnwritable, match="directory"):
        Log.open(tmp_path).record(info)


FULL_DISK = """
import json, resource, sys
from datetime import UTC, datetime
from studio.errors import LogUnwritable
from studio.records import LogLine, canonical
from studio.store import Log, RunInfo

log = Log.open(sys.argv[1])
buffer = log.record(RunInfo("full", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC)))
lines = [LogLine(at, "A", 0, "info", f"{at * 2654435761 % 2**64:x}" * 9, "{}", 0, 0) for at in range(20_000)]
for line in lines[:1000]:
    buffer.write(line)
buffer.flush()
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
for line in lines[1000:]:
    buffer.write(line)
codes = []
for attempt in range(2):
    try:
        buffer.flush()
    except LogUnwritable as error:
        codes.append(error.code)
held = buffer.waiting
before = log.runs()[0].records
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
buffer.finish("finished", end_ns=1)
same = canonical(log.run(1).records()) == canonical(lines)
print(json.dumps([codes, held, before, same]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are a matter of POSIX")
def test_a_full_disk_loses_nothing(file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["STU604", "STU604"], 19_000, 1000, True]


def test_appending_a_batch_again_changes_nothing(file: Path, info: RunInfo, orders: list[Record]) -> None:
    log = Log.open(file)
    run = recorded(log, info, orders)
    found = log.run(run).sha256()
    parcel = log.pack(run)
    log.adopt(parcel)
    from studio.store.parcel import unpack

    log.shelf.append(run, unpack(parcel).batches[0])
    assert log.run(run).sha256() == found


def test_views_in_the_file_render_names_ids_and_seconds(file: Path, info: RunInfo, orders: list[Record]) -> None:
    run = recorded(Log.open(file), info, orders)
    with duckdb.connect(str(file)) as connection:
        row = connection.execute("select run, at_s, address, trace_id from messages where key = 'o2'").fetchone()
        spans = connection.execute("select count(*), min(span_id), min(parent_id) from spans").fetchone()
    assert row == (run, 2.0, "Order.created", f"{2:032x}")
    assert spans == (3, f"{1:016x}", None)


def test_deleting_runs_takes_all_or_none(file: Path, info: RunInfo, orders: list[Record]) -> None:
    log = Log.open(file)
    runs = [recorded(log, info, orders) for _ in range(3)]
    with pytest.raises(UnknownRun, match="run=77"):
        log.delete(runs[0], 77)
    log.delete(runs[0], runs[1])
    assert [row.run for row in log.runs()] == [runs[2]]
    assert canonical(log.run(runs[2]).records()) == canonical(orders)
    with pytest.raises(UnknownRun):
        log.run(runs[0])


def test_no_file_means_no_runs_and_makes_none(file: Path) -> None:
    assert Log.open(file).runs() == []
    assert not file.exists()
