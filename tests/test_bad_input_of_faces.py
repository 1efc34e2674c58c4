"""What goes wrong under a dashboard or a cell: it is told there, with a remedy, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest
from bokeh.document import Document

from studio.dashboard.desk import Desk
from studio.dashboard.fault_panel import FaultPanel
from studio.dashboard.feed import Feed
from studio.dashboard.page.session_page import SessionPage
from studio.dashboard.parcels import Parcels
from studio.errors import LogLocked, LogMissing, StudioError, WorldDied
from studio.graph.system import System
from studio.simulation.world import World
from studio.simulation.world import world as start_world
from studio.source.cell import cell_from_text
from studio.store import Log

THINGS = """
%%contracts things
class Thing(Contract):
    id: str
event($.Thing.made, Thing, key="id")
event($.Thing.whirled, Thing, key="id")
"""
SHOP = """
%%service Shop
import asyncio
@service.operation($.Shop.take)
async def take(thing: Thing) -> Thing:
    return thing
@service.operation($.Shop.spin)
async def spin(thing: Thing) -> Thing:
    while True:
        pass
@service.on($.Thing.whirled)
async def whirl(thing: Thing) -> None:
    while True:
        await asyncio.sleep(0)
"""
HOLDER = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""
WRITER = """
import sys
from datetime import UTC, datetime
from studio.records import LogLine
from studio.store import Log, RunInfo
buffer = Log.open(sys.argv[1]).record(RunInfo("calm", 7, "abc", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC)))
for line in sys.stdin:
    buffer.write(LogLine(int(line), "Shop", 1, "info", "said", "", 0, 0))
    buffer.flush()
    print("written", flush=True)
"""


def system_of(*cells: str) -> System:
    system = System()
    for cell in (THINGS, *cells):
        source = cell_from_text(dedent(cell).strip() + "\n")
        assert source is not None
        system.define(source)
    return system


SYSTEM = system_of(SHOP)
THING: Any = SYSTEM.visible()["Thing"]


class Page:
    """A browser session without a browser: what the bar would say, and what a reader would do in it."""

    def __init__(self, feed: Feed, **state: str) -> None:
        self.page = SessionPage(feed, state, number=1, parcels=Parcels())
        self.page.begin(Document())
        self.do(kind="hello", theme="light", chosen=False)

    def do(self, **message: Any) -> None:
        """Do something in the bar, and see what comes of it."""
        self.page.steering.receive(message)
        self.page._move()  # noqa: SLF001 - what the server does in a moment

    def look(self) -> None:
        """Let the page look for news, as it does all the time."""
        self.page._rests_until_s = 0.0  # noqa: SLF001 - nobody waits in a test
        self.page.heard(self.page.bar.told)
        self.page.look()

    def look_until(self, is_so: Callable[[], bool]) -> None:
        """Let it look for news until it has them: the list of runs is as of a moment ago."""

        def has_come() -> bool:
            self.look()
            return is_so()

        until(has_come)

    @property
    def desk(self) -> Desk:
        return self.page.desk

    @property
    def notices(self) -> str:
        return "\n".join(each["text"] for each in self.page.bar.notices)

    @property
    def shown(self) -> str:
        """What stands in the shown tab, where it is words of ours."""
        found = self.page.frames[self.desk.tab].column[:]
        return "\n".join(str(getattr(each, "object", "")) for each in found)

    @property
    def run(self) -> Any:
        return self.page.bar.clock["run"]

    @property
    def world(self) -> Any:
        return self.page.bar.clock["world"]


@contextmanager
def process(program: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", dedent(program), str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        try:
            yield made
        finally:
            made.kill()


def heard(made: subprocess.Popen[str]) -> str:
    assert made.stdout is not None
    return made.stdout.readline().strip()


def said(made: subprocess.Popen[str], line: str) -> str:
    assert made.stdin is not None
    made.stdin.write(line + "\n")
    made.stdin.flush()
    return heard(made)


def until(is_so: Callable[[], bool], limit_s: float = 30.0) -> None:
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A log with one run of a world that was closed."""
    made = tmp_path / "studio.duckdb"
    with start_world(system=SYSTEM, log=Log.open(made), seed=1) as world:
        world.call("Shop.take", THING(id="a"))
    return made


@pytest.fixture
def world() -> Iterator[World]:
    """A world that runs."""
    with start_world(system=SYSTEM, log=Log.memory(), seed=1) as made:
        made._cluster.loop.stall_s = 0.3  # noqa: SLF001 - nobody waits ten seconds in a test
        yield made.start(10)


def hasty(file: Path) -> Feed:
    """Return what looks at a file, and does not wait for others."""
    feed = Feed.of_file(file)
    feed.log_view._source._patience_s = 0.1  # type: ignore[attr-defined]  # noqa: SLF001 - nobody waits two seconds
    return feed


# -- a log that is locked ---------------------------------------------------------------------------------------------


def test_page_that_opens_on_a_locked_log_says_who_holds_it_and_shows_it_once_it_is_free(file: Path) -> None:
    feed = hasty(file)
    with process(HOLDER, file) as holder:
        assert heard(holder) == "held"
        page = Page(feed, tab="traces")
        assert f"is in use by process {holder.pid}" in page.notices
        assert "Close it there" in page.shown
        assert [each["name"] for each in page.page.bar.state["tabs"]][:2] == ["system", "traces"]
        holder.communicate("\n")
    page.look()
    assert (page.notices, page.run["run"]) == ("", 1)
    assert "STU601" not in page.shown


def test_page_whose_log_is_locked_for_a_while_comes_back_by_itself(file: Path) -> None:
    page = Page(hasty(file), tab="traces")
    with process(HOLDER, file) as holder:
        assert heard(holder) == "held"
        page.do(kind="go", changes={"tab": "messages"})
        assert "STU601" in page.shown
        assert page.run["run"] == 1
        holder.communicate("\n")
    page.look()
    assert "STU601" not in page.shown
    assert page.notices == ""


# -- a log of another version, or none --------------------------------------------------------------------------------


def form(file: Path, number: int) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("update studio_log set version = ?", [number])


def test_log_of_a_later_version_is_refused_and_left_as_it_was(file: Path) -> None:
    form(file, 99)
    before = file.read_bytes()
    with pytest.raises(StudioError, match=r"STU602.*form 99[\s\S]*Update Studio") as caught:
        Feed.of_file(file)
    assert "was not changed" in str(caught.value)
    assert file.read_bytes() == before


def test_log_that_a_later_version_takes_over_meanwhile_is_told_in_the_page(file: Path) -> None:
    page = Page(hasty(file), tab="traces")
    form(file, 99)
    page.look()
    assert "STU602" in page.notices
    assert "Update Studio" in page.notices


@pytest.mark.parametrize("content", [b"", b"nothing to see", b"SQLite format 3\0" + b"\0" * 100])
def test_what_is_no_log_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(StudioError, match=r"STU603[\s\S]*Name another file"):
        Feed.of_file(file)
    assert file.read_bytes() == content


def test_log_that_is_not_there_says_how_one_is_made(tmp_path: Path) -> None:
    with pytest.raises(LogMissing, match="studio simulate"):
        Feed.of_file(tmp_path / "studio.duckdb")


# -- a log that is being written --------------------------------------------------------------------------------------


def test_run_that_another_process_writes_grows_in_the_page_and_is_told_when_that_process_dies(tmp_path: Path) -> None:
    file = tmp_path / "studio.duckdb"
    with process(WRITER, file) as writer:
        assert said(writer, "1000") == "written"
        page = Page(Feed.of_file(file), tab="traces")
        assert (page.run["status"], page.run["records"], page.world) == ("running", "1", None)
        assert said(writer, "2000") == "written"
        page.look()
        assert (page.run["status"], page.run["records"], page.notices) == ("running", "2", "")
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    page.look()
    assert (page.run["status"], page.run["records"]) == ("cut off", "2")
    assert "the process that wrote it ended without closing it" in page.notices
    assert "run it again with its seed" in page.notices


def test_notice_that_was_closed_stays_closed(tmp_path: Path) -> None:
    file = tmp_path / "studio.duckdb"
    with process(WRITER, file) as writer:
        assert said(writer, "1000") == "written"
    page = Page(Feed.of_file(file), tab="traces")
    assert "cut off" in page.notices
    page.do(kind="dismiss", key="cut-off")
    page.do(kind="go", changes={"tab": "messages"})
    assert page.notices == ""


# -- a world that died ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "code"), [("Shop.spin", "STU501"), ("Thing.whirled", "STU503")])
def test_world_that_died_is_told_with_its_cause_and_keeps_its_records(
    world: World, address: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world._cluster.loop, "instant_steps_max", 3_000)  # noqa: SLF001 - nobody waits for a million
    page = Page(Feed.of_world(world), tab="traces")
    assert page.world["state"] == "running"
    with suppress(WorldDied):  # a call is waited for, an event is not
        world.send(address, THING(id="a"))
    until(lambda: world.state == "died")
    with pytest.raises(WorldDied, match=code):
        world.advance("1s")
    page.look_until(lambda: page.run["status"] == "aborted")
    assert "The world died at" in page.notices
    assert code in page.notices
    assert "service Shop, line" in page.notices
    assert page.world is None
    page.do(kind="act", verb="pause")
    assert "The shown run is over" in page.notices
    assert len(world.run.messages) == 1


def test_world_whose_log_is_held_goes_on_and_says_that_records_wait(file: Path) -> None:
    log = Log.open(file)
    with start_world(system=SYSTEM, log=log, seed=1) as world:
        feed = Feed.of_world(world)
        feed.log_view._source._patience_s = 0.1  # type: ignore[attr-defined]  # noqa: SLF001 - nobody waits two seconds
        page = Page(feed, tab="traces")
        world.start(10)
        with process(HOLDER, file) as holder:
            assert heard(holder) == "held"
            world.publish("Thing.made", THING(id="a"))
            until(lambda: world.failure is not None)
            page.look()
            assert "what was recorded here is kept" in page.notices
            assert "died" not in page.notices
            holder.communicate("\n")
        until(lambda: world.failure is None)
        page.look()
        assert (world.state, page.notices) == ("running", "")
    assert len(world.run.messages) == 1


def test_log_that_refuses_records_while_the_page_can_read_is_told_and_not_taken_for_a_death(world: World) -> None:
    page = Page(Feed.of_world(world), tab="traces")
    world._playing.buffer.failure = LogLocked(file="runs.duckdb", holder="process 7")  # noqa: SLF001 - a short hold
    page.page.steering.redraw()
    assert page.notices.startswith("The world goes on, and its newest records wait in memory. STU601")


# -- impossible values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("lose", {"targets": ["Shop"], "probability": 7}, "probability"),
        ("lose", {"targets": ["Shop"], "probability": "often"}, "probability"),
        ("lose", {"targets": []}, "targets"),
        ("crash", {"targets": ["Shop"], "down_for": "-1s"}, "down_for"),
        ("crash", {"targets": ["Shop"], "down_for": "soon"}, "down_for"),
        ("crash", {"targets": ["Nobody"]}, "targets"),
    ],
)
def test_impossible_values_of_a_fault_are_told_at_their_field_and_nothing_is_injected(
    world: World, kind: str, values: dict[str, Any], field: str
) -> None:
    reply = FaultPanel(world, dict).answer({"do": "inject", "kind": kind, "values": values})
    assert list(reply["complaints"]) == [field]
    assert reply["complaints"][field]
    assert world.faults == ()


# -- two dashboards on one world --------------------------------------------------------------------------------------


def test_two_pages_on_one_world_see_and_undo_what_either_does(world: World) -> None:
    feed = Feed.of_world(world)
    one, other = Page(feed, tab="traces"), Page(feed, tab="traces")
    one.do(kind="act", verb="pause")
    other.look()
    assert other.world["state"] == "paused"
    other.do(kind="act", verb="resume")
    one.look()
    assert one.world["state"] == "running"
    here, there = FaultPanel(world, dict), FaultPanel(world, dict)
    here.answer({"do": "loss", "target": "Shop", "share": 0.3})
    assert there.standing()["losses"] == {">Shop": 0.3}
    there.answer({"do": "undo"})
    assert not any(each.is_in_force for each in world.faults)


def test_what_two_pages_do_at_the_same_moment_is_done_both(world: World) -> None:
    asked = {"do": "inject", "kind": "lose", "values": {"targets": ["Shop"], "probability": 0.5}}
    replies: list[dict[str, Any]] = []
    panels = [FaultPanel(world, dict) for _ in range(2)]
    acts = [threading.Thread(target=lambda each=each: replies.append(each.answer(asked))) for each in panels * 5]
    for each in acts:
        each.start()
    for each in acts:
        each.join()
    assert ["done" in reply for reply in replies] == [True] * 10
    assert len(world.faults) == 10


def test_page_on_a_world_that_was_closed_elsewhere_says_that_it_is_over(world: World) -> None:
    page = Page(Feed.of_world(world), tab="traces")
    world.close()
    page.do(kind="act", verb="pause")
    assert "The shown run is over" in page.notices
    page.look_until(lambda: page.run["status"] == "finished")
    assert page.world is None


def test_world_to_which_nothing_was_done_is_a_cell_too(world: World) -> None:
    world.pause()
    assert world.as_cell().startswith("%%scenario played")


def test_tabs_go_on_with_the_time_of_a_world_in_which_nothing_happens(world: World) -> None:
    desk = Page(Feed.of_world(world), tab="traces").desk
    until(lambda: world.now_ns > 5_000_000_000)
    world.pause()
    assert desk.view.span_ns[1] < desk.span_ns[1] == world.now_ns
