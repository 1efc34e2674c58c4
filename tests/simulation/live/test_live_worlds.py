"""Worlds in the background: paced, halted, stepped, acted on from any thread, and ended whatever they are doing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from textwrap import dedent

import pytest

from studio import S, lose
from studio.errors import (
    HandlerStalledError,
    InvalidPace,
    NothingToRedeliver,
    NotInForce,
    NotStuck,
    UnfitTarget,
    UnknownTarget,
    WorldClosed,
    WorldDied,
    WorldNotRunning,
)
from studio.simulation.world import world as start_world
from studio.store import Log
from tests.simulation.conftest import system_of
from tests.simulation.live.conftest import Shop, until

ROOT = Path(__file__).resolve().parents[3]
HOLDER = """
import duckdb, sys
while True:
    try:
        held = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:
        continue
print("held", flush=True)
input()
"""
TAKE, REST, MADE, SEEN = S.Shop.take, S.Shop.rest, S.Thing.made, S.Thing.seen


def test_world_runs_halts_steps_and_goes_on(shop: Shop) -> None:
    world = shop.world()
    assert world.state == "by hand"
    world.start(1000)
    until(lambda: world.now_ns > 10**9)
    halted_ns = world.pause().now_ns
    assert (world.state, world.step("100ms").now_ns) == ("paused", halted_ns + 10**8)
    world.resume()
    assert (world.state, world.speed) == ("running", 1000)
    assert world.stop().state == "by hand"
    assert world.close().status == "finished"


def test_step_goes_to_the_next_instant_at_which_something_happens(shop: Shop) -> None:
    world = shop.world()
    assert world.step().now_ns == 60 * 10**9  # the job
    assert world.step("1s").now_ns == 61 * 10**9


def test_world_that_was_not_started_neither_halts_nor_goes_on(shop: Shop) -> None:
    world = shop.world()
    for act in (world.pause, world.resume):
        with pytest.raises(WorldNotRunning):
            act()
    for speed in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidPace):
            world.start(speed)


def test_call_waits_for_its_answer_and_finds_it_in_the_log(shop: Shop) -> None:
    world = shop.world()
    world.given("Shop.stock", [shop.thing("tea", 5)])
    world.start(100)
    assert world.call(TAKE, shop.thing("tea")).amount == 5
    assert world.sql("select count(*) as n from messages where address = 'Shop.take'")["n"][0] == 1


def test_declared_error_of_a_live_call_is_raised_as_its_own_type(shop: Shop) -> None:
    world = shop.world().start(100)
    with pytest.raises(shop.system.visible()["Declined"], match="none left"):
        world.call(TAKE, shop.thing("oil"))


def test_workloads_begin_and_end_while_it_runs(shop: Shop) -> None:
    world = shop.world().start(500)
    number = world.workload(MADE, rate_per_s=20)
    until(lambda: world.workloads[0].sent > 5)
    world.end_workload(number)
    assert world.workloads == ()
    with pytest.raises(NotInForce):
        world.end_workload(number)


def test_faults_are_lifted_by_number_or_by_themselves(shop: Shop) -> None:
    world = shop.world().start(100)
    world.inject(lose(REST), lose(TAKE))
    world.lift(1).lift(lose(TAKE))
    assert [each.is_in_force for each in world.faults] == [False, False]
    with pytest.raises(NotInForce):
        world.lift(1)


def test_records_reach_the_log_by_themselves(shop: Shop) -> None:
    log = Log.memory()
    world = shop.world(log=log).start(500)
    world.workload(MADE, rate_per_s=5)
    before = log.runs()[0].records
    until(lambda: log.runs()[0].records > before)


def test_many_threads_act_at_once_and_the_run_repeats(shop: Shop) -> None:
    world = shop.world().start(200)
    world.given("Shop.stock", [shop.thing("tea", 5)])
    threads = [threading.Thread(target=lambda: world.call(TAKE, shop.thing("tea"))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    run = world.close()
    assert run.case is not None
    assert shop.repeated(run.case) == run.sha256


def test_interrupt_ends_the_waiting_and_not_the_world(shop: Shop) -> None:
    world = shop.world().start(0.001)
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        world.call(REST, shop.thing("a", 100))
    timer.join()
    assert world.state == "running"


def test_closed_world_refuses_and_a_context_closes_a_live_one(shop: Shop) -> None:
    with shop.world() as world:
        world.start(10)
    assert world.state == "closed"
    with pytest.raises(WorldClosed):
        world.start(10)


def test_handler_that_stalls_ends_the_world_and_says_so() -> None:
    system = system_of("""
    %%service Odd
    @service.operation($.Odd.spin)
    async def spin(thing: Thing) -> None:
        while True:
            pass
    """)
    log = Log.memory()
    world = start_world(system=system, log=log)
    world._cluster.loop.stall_s = 0.3  # noqa: SLF001 - nobody waits ten seconds in a test
    world.start(10)
    with pytest.raises(WorldDied, match="STU50"):
        world.call(S.Odd.spin, system.visible()["Thing"](id="a"))
    assert isinstance(world.failure, HandlerStalledError)
    assert (world.state, log.runs()[0].status, world.close().status) == ("died", "aborted", "aborted")
    assert len(world.run.messages) == 1
    with pytest.raises(WorldDied):
        world.advance("1s")


def test_log_that_another_process_holds_does_not_stop_the_world(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "runs.duckdb"
    world = shop.world(log=Log.open(file)).start(100)
    world.workload(MADE, rate_per_s=5)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        until(lambda: world.failure is not None)
        reached_ns = world.now_ns
        until(lambda: world.now_ns > reached_ns)
        holder.communicate(b"\n")
    until(lambda: world.failure is None)
    assert world.state == "running"
    assert world.close().records == len(list(world.run.log.records()))


UNCLOSED = """
from studio.graph.system import System
from studio.simulation.world import world
from studio.source.cell import cell_from_text

system = System()
system.define(cell_from_text('''%%service Busy
import asyncio
@service.job("* * * * *")
async def work() -> None:
    await asyncio.sleep(100)
'''))
played = world(system=system).start(None)
while played.now_ns < 10**12:
    pass
"""


def test_process_ends_quietly_while_a_world_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", dedent(UNCLOSED)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_local_time_is_utc_only_while_it_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    world = shop.world().start(10)
    assert time.tzname[0] == "UTC"
    world.stop()
    assert time.tzname[0] == "JST"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("bus", ["jetstream", "rabbitmq", "kafka"])
def test_dead_letter_is_given_back_and_a_stuck_saga_given_up(shop: Shop, bus: str) -> None:
    world = shop.world(bus=bus)
    world.publish(SEEN, shop.thing("x"))
    world.send(MADE, shop.thing("oil", 600))
    world.settle("2h")
    letter = int(world.sql("select message from deliveries where outcome = 'dead-lettered'")["message"][0])
    world.given("Shop.stock", [shop.thing("tea", 1)])
    world.redeliver(letter).abandon("Buying/oil").settle()
    assert world.sagas()["state"].to_list() == ["abandoned"]
    assert world.run.deliveries["outcome"].to_list()[-1] in ("acknowledged", "replied")
    with pytest.raises(NothingToRedeliver):
        world.redeliver(letter)
    with pytest.raises(NotStuck):
        world.abandon("Buying/oil")


def test_acts_fall_on_whole_milliseconds_and_are_written_so(shop: Shop) -> None:
    world = shop.world().start(100)
    world.workload(MADE, rate_per_s=50)
    until(lambda: world.now_ns > 10**8)
    world.publish(SEEN, shop.thing("x"))
    world.crash("Shop", down_for="2s")
    world.inject(lose(REST))
    case = world.close().case
    assert case is not None
    assert {act.at_ns % 10**6 for act in case.script} == {0} == {case.duration_ns % 10**6}
    assert re.search(r'crash\("Shop", at="[0-9.]+m?s", down_for="2s"\)', world.as_cell())


def test_act_takes_any_instant_where_milliseconds_are_taken(shop: Shop) -> None:
    world = shop.world().start(0.5)
    world.workload(SEEN, [shop.thing()] * 10_000, every="100us")
    world.inject(lose(REST))
    at_ns = world.case.script[-1].at_ns
    assert at_ns % 10**6
    run = world.close()
    assert run.case is not None
    assert shop.repeated(run.case) == run.sha256


def test_crash_of_a_live_world_is_a_fault_of_its_plan(shop: Shop) -> None:
    world = shop.world().start(100)
    world.crash("Shop", replica=2, down_for="2s")
    assert world.run.faults["target"].to_list() == ["Shop"]
    assert world.run.lives["reason"].to_list()[-1] == "planned"
    assert [each.fault.kind for each in world.faults] == ["crash"]
    with pytest.raises(UnknownTarget):
        world.crash("Shopp")
    with pytest.raises(UnfitTarget):
        world.crash("Shop", replica=3)


def test_world_dies_of_what_happens_while_time_passes_for_an_act(shop: Shop) -> None:
    world = shop.world().start(1)
    loop = world._cluster.loop  # noqa: SLF001 - a bug of ours has to come from somewhere

    def break_down(_: object) -> None:
        raise RuntimeError("broken")

    world._playing.driver.do(lambda: loop.at(loop.now_ns + 1, 0, break_down, None))  # noqa: SLF001 - likewise
    with pytest.raises((RuntimeError, WorldDied), match="broken"):
        world.inject(lose(REST))
    until(lambda: world.state == "died")
    assert "broken" in str(world.failure)


def test_advance_of_a_live_world_waits_and_an_interrupt_ends_that(shop: Shop) -> None:
    world = shop.world().start(1000)
    before_ns = world.now_ns
    assert world.advance("10s").now_ns >= before_ns + 10 * 10**9
    world.speed = 0.001
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        world.advance("1h")
    timer.join()
    assert "running at 0.001×" in repr(world)


def test_settle_halts_a_live_world_and_lets_it_go_on(shop: Shop) -> None:
    world = shop.world().start(1)
    world.send(MADE, shop.thing("oil", 5))
    assert world.settle().state == "running"
    assert world.now_ns > 5 * 10**9


def test_garbage_of_other_threads_is_freed_while_a_world_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.simulation.live.driver.SWEEP_S", 0.1)
    world = shop.world().start(None)
    world.workload(MADE, rate_per_s=20)
    gone = [_cyclic_garbage() for _ in range(20)]
    until(lambda: all(each() is None for each in gone))
    assert world.state == "running"


class _Cyclic:
    itself: _Cyclic


def _cyclic_garbage() -> weakref.ref[_Cyclic]:
    made = _Cyclic()
    made.itself = made
    return weakref.ref(made)
