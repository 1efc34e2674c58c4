"""A log as windows find it: written by another process, locked, of another version, no log; and it is not changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from studio.errors import LogLocked, LogMissing, LogUnwritable, LogVersion, NotALog, UnknownCampaign, UnknownRun
from studio.records import Record
from studio.store import Buffer, Log, RunInfo, schema
from studio.store.campaigns import CAMPAIGN_TABLES, campaign_frame
from studio.store.holder import is_gone, this_process
from studio.store.opening import attached
from studio.store.windows import LogView, RunView, is_abandoned, one_burst

Recorded = Callable[[Log, Iterable[Record]], int]
Begun = Callable[[Log, Iterable[Record]], Buffer]

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
WRITE = """
import sys
from datetime import UTC, datetime
from studio.records import LogLine
from studio.store import Log, RunInfo

buffer = Log.open(sys.argv[1]).record(RunInfo("other", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC)))
for at, _ in enumerate(sys.stdin):
    buffer.write(LogLine(at, "A", 0, "info", "text", "{}", 0, 0))
    buffer.flush()
    print(at + 1, flush=True)
buffer.finish("finished", end_ns=9)
"""
OF_FORM = {
    1: ("{shape})", "select *, '', '', '' from raw.runs where run = {run}"),
    3: ("{shape}, {case})", "select *, '', '' from raw.runs where run = {run}"),
}


@contextmanager
def process(program: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program on a file in another process, which ends when its input does."""
    with subprocess.Popen([sys.executable, "-c", program, str(file)], stdin=-1, stdout=-1, text=True) as found:
        yield found
        found.communicate("")


def tell(writer: subprocess.Popen[str]) -> None:
    """Let the other process write a record, and wait until it has."""
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write("\n")
    writer.stdin.flush()
    writer.stdout.readline()


def test_a_log_lists_its_runs_and_gives_each_once(log: Log, recorded: Recorded, orders: list[Record]) -> None:
    view = LogView.of(log)
    assert view.runs() == []
    with pytest.raises(UnknownRun, match="run=1"):
        view.run(1)
    recorded(log, orders)
    assert [(row.run, row.status, row.records) for row in view.runs()] == [(1, "finished", 21)]
    assert view.run(1) is view.run(1)
    assert view.run(1).row == log.runs()[0]


def test_no_more_copies_are_kept_than_a_few(
    log: Log, recorded: Recorded, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.windows.log_view._VIEWS_MAX", 1)
    view = LogView.of(log)
    first = view.run(recorded(log, orders))
    assert first.count("messages").number == 3
    view.run(recorded(log, orders[:1])).count("messages")
    assert view.run(1) is not first
    assert first.count("messages").number == 3


def test_the_file_is_free_between_questions(file: Path, recorded: Recorded, orders: list[Record]) -> None:
    view = LogView.open(file) if file.exists() else LogView.of(Log.open(file))
    run = view.run(recorded(Log.open(file), orders))
    assert run.count("messages").number == 3
    with process(HOLD, file) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"


def test_looking_changes_nothing_in_the_file(file: Path, recorded: Recorded, orders: list[Record]) -> None:
    run = recorded(Log.open(file), orders)
    before = file.read_bytes()
    view = LogView.open(file)
    assert view.run(run).count("messages").number == 3
    assert (file.read_bytes(), [each.name for each in file.parent.iterdir()]) == (before, [file.name])


def test_a_locked_file_names_its_holder_and_is_asked_again_later(
    file: Path, recorded: Recorded, orders: list[Record]
) -> None:
    run = recorded(Log.open(file), orders)
    view = LogView.open(file, patience_s=0)
    with process(HOLD, file) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LogLocked, match=f"process {holder.pid}"):
            view.run(run)
    assert view.run(run).count("messages").number == 3


def test_waiting_ends_when_the_other_process_lets_go(
    file: Path, recorded: Recorded, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(Log.open(file), orders)
    with process(HOLD, file) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        monkeypatch.setattr(time, "sleep", lambda _: holder.communicate(""))
        assert len(LogView.open(file).runs()) == 1


def test_a_run_that_another_process_writes_is_seen_as_far_as_it_is_in_the_log(file: Path) -> None:
    with process(WRITE, file) as writer:
        tell(writer)
        run = LogView.open(file).run(1)
        assert (run.is_live, run.count("logs").number) == (True, 1)
        tell(writer)
        assert (run.row.status, run.count("logs").number) == ("running", 2)
    assert (run.is_live, run.row.status, run.count("logs").number) == (False, "finished", 2)


def test_a_run_whose_process_died_is_told_from_one_that_goes_on(file: Path) -> None:
    with process(WRITE, file) as writer:
        tell(writer)
        view = LogView.open(file)
        assert not is_abandoned(view.runs()[0])
        writer.kill()
    assert is_abandoned(view.runs()[0])
    assert (view.run(1).row.status, view.run(1).is_live, view.run(1).count("logs").number) == ("running", False, 1)


def test_a_process_is_gone_only_where_that_is_sure() -> None:
    assert not is_gone(this_process())
    assert not is_gone("")
    machine, process, _ = json.loads(this_process())
    assert not is_gone(json.dumps(["elsewhere", process, "an earlier one"]))
    assert is_gone(json.dumps([machine, process, "an earlier one"]))


def test_a_long_run_that_goes_on_is_copied_by_stretches_between_which_its_writer_gets_in(
    file: Path, begun: Begun, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.windows.sources.COPIED_AT_ONCE", 5)
    monkeypatch.setattr("studio.store.windows.run_view.COPIED_AT_ONCE", 5)
    begun(Log.open(file), orders)
    run, opened = LogView.open(file).run(1), []

    def seen(engine: duckdb.DuckDBPyConnection, file: Path, *, patience_s: float) -> AbstractContextManager[int]:
        opened.append(file)
        return attached(engine, file, patience_s=patience_s)

    monkeypatch.setattr("studio.store.windows.sources.attached", seen)
    assert run.count("messages").number == 3
    assert len(opened) == 2 + -(-len(orders) // 5)
    assert run.page("messages", ["address"])["seq"].is_unique().all()


@pytest.mark.parametrize("form", OF_FORM)
def test_a_file_of_an_older_form_opens_as_if_it_were_new_and_is_not_changed(
    file: Path, recorded: Recorded, orders: list[Record], monkeypatch: pytest.MonkeyPatch, form: int
) -> None:
    add = (
        "insert into raw.runs values ({run}, {scenario}, {seed}, {sources}, {studio}, {python}, {started}, 'running', "
    )
    with monkeypatch.context() as then:
        then.setattr("studio.store.opening.VERSION", form)
        then.setattr("studio.store.queries.ADD_RUN", add + "0, 0, '{{}}', '', " + OF_FORM[form][0])
        then.setattr("studio.store.queries.GET_RUN", OF_FORM[form][1])
        recorded(Log.open(file), orders)
    before, view = file.read_bytes(), LogView.open(file)
    assert [row.records for row in view.runs()] == [21]
    assert view.run(1).page("messages", ["address"], limit=1)["address"].to_list() == ["Order.created"]
    assert (view.run(1).count("policies").number, view.run(1).topology_json, len(view.campaigns())) == (0, "", 0)
    assert file.read_bytes() == before
    recorded(Log.open(file), orders)  # brings it forward
    assert (len(view.runs()), view.run(1).count("messages").number) == (2, 3)


def test_a_running_run_of_an_older_form_is_copied(
    file: Path, begun: Begun, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = (
        "insert into raw.runs values ({run}, {scenario}, {seed}, {sources}, {studio}, {python}, {started}, 'running', "
    )
    with monkeypatch.context() as then:
        then.setattr("studio.store.opening.VERSION", 1)
        then.setattr("studio.store.queries.ADD_RUN", add + "0, 0, '{{}}', '', {shape})")
        then.setattr("studio.store.queries.GET_RUN", OF_FORM[1][1])
        begun(Log.open(file), orders)
    run = LogView.open(file).run(1)
    assert (run.is_live, run.count("messages").number, run.count("policies").number) == (True, 3, 0)


def test_a_file_of_a_later_form_says_to_update(file: Path, recorded: Recorded, orders: list[Record]) -> None:
    recorded(Log.open(file), orders)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update studio_log set version = 99")
    with pytest.raises(LogVersion, match=f"form 99.*up to {schema.VERSION}\n.*Update Studio"):
        LogView.open(file)


@pytest.mark.parametrize("content", [b"", b"some text", b"SQLite format 3\0" + b"\0" * 100, b"\0" * 8 + b"DUCK" * 2000])
def test_other_files_are_no_logs(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises((NotALog, LogVersion)):
        LogView.open(file)
    assert file.read_bytes() == content


def test_a_file_that_was_cut_off_is_said_to_be_damaged(file: Path, recorded: Recorded, orders: list[Record]) -> None:
    recorded(Log.open(file), orders)
    file.write_bytes(file.read_bytes()[: 4096 * 3 + 100])
    with pytest.raises(NotALog, match="damaged"):
        LogView.open(file)


def test_a_database_of_somebody_else_is_no_log(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table customers as select 1 as id")
    with pytest.raises(NotALog, match="customers"):
        LogView.open(file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop table customers")
    with pytest.raises(NotALog, match="no tables"):
        LogView.open(file)


def test_paths_that_lead_nowhere_say_so(tmp_path: Path) -> None:
    with pytest.raises(LogMissing, match="does not exist"):
        LogView.open(tmp_path / "none.duckdb")
    with pytest.raises(LogUnwritable, match="directory"):
        LogView.open(tmp_path)


def test_a_file_that_is_taken_away_is_missed(file: Path, recorded: Recorded, orders: list[Record]) -> None:
    run = recorded(Log.open(file), orders)
    view = LogView.open(file).run(run)
    file.unlink()
    with pytest.raises(LogMissing):
        view.count("messages")


def test_what_a_killed_writer_left_beside_the_file_counts(
    file: Path, tmp_path: Path, recorded: Recorded, orders: list[Record]
) -> None:
    recorded(Log.open(file), orders)
    killed = tmp_path / "killed.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("set checkpoint_threshold = '1GB'")
        connection.execute("update raw.runs set scenario = 'left in the write-ahead log'")
        shutil.copy(file, killed)
        shutil.copy(f"{file}.wal", f"{killed}.wal")
    assert [row.info.scenario for row in LogView.open(killed).runs()] == ["left in the write-ahead log"]


def test_this_process_writes_while_its_file_is_asked(
    file: Path, recorded: Recorded, begun: Begun, orders: list[Record]
) -> None:
    log = Log.open(file)
    view = LogView.of(log).run(recorded(log, orders))
    written: list[int] = []
    with view.burst():
        writer = threading.Thread(target=lambda: written.append(begun(log, orders).run))
        writer.start()
        assert view.count("messages").number == 3
        assert written == []
    writer.join(timeout=30)
    assert written == [2]


def test_a_function_of_several_questions_opens_the_file_once(
    file: Path, recorded: Recorded, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    @one_burst
    def asked(view: RunView, service: str, *, limit: int) -> int:
        return len(view.page("spans", ["service"], view.where().named("service", service), limit=limit))

    run = LogView.of(Log.open(file)).run(recorded(Log.open(file), orders))
    opened: list[Path] = []

    def seen(engine: duckdb.DuckDBPyConnection, file: Path, *, patience_s: float) -> AbstractContextManager[int]:
        opened.append(file)
        return attached(engine, file, patience_s=patience_s)

    monkeypatch.setattr("studio.store.windows.sources.attached", seen)
    assert (asked(run, "Inventory", limit=2), opened) == (2, [file])


def test_who_has_no_patience_does_not_wait_for_other_threads(
    file: Path, recorded: Recorded, orders: list[Record]
) -> None:
    view = LogView.of(Log.open(file)).run(recorded(Log.open(file), orders))
    found: list[str] = []

    def write() -> None:
        with pytest.raises(LogLocked) as caught:
            Log.open(file, patience_s=0).runs()
        found.append(caught.value.holder)

    with view.burst():
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=30)
    assert found == ["another thread"]


@pytest.fixture
def campaign() -> dict[str, object]:
    head = ("outage", "abc", "0", "3", datetime(2026, 1, 1), "finished", 1, 1, 1)  # noqa: DTZ001 - the log keeps UTC
    return {table: campaign_frame(table, [head] if table == "campaigns" else []) for table in CAMPAIGN_TABLES}


def test_campaigns_are_listed_and_asked(log: Log, campaign: dict[str, object], orders: list[Record]) -> None:
    view = LogView.of(log)
    assert view.campaigns().rows() == []
    for _ in range(2):
        log.add_campaign(campaign)  # type: ignore[arg-type]  # frames
    assert view.campaigns()["campaign"].to_list() == [1, 2]
    asked = "select sum(failed) as failed from campaigns where campaign = {campaign} and scenario = {scenario}"
    assert view.campaign(2).ask(asked, scenario="outage").rows() == [(1,)]
    assert view.campaign(2).ask("from fault_pairs where campaign = {campaign}").rows() == []
    with pytest.raises(UnknownCampaign, match="campaign=7"):
        view.campaign(7)


def test_info_of_runs_is_read_whole_one_at_a_time(file: Path, info: RunInfo) -> None:
    Log.open(file).record(info).finish("finished", end_ns=1)
    view = LogView.open(file)
    assert view.run(1).row.info == info
    assert view.runs()[0].info.shape != info.shape
