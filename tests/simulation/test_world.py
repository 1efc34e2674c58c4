"""A world to play by hand: everything an author can do with one, also under a running loop, also without closing it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from studio import S, lose
from studio.errors import (
    BlockingSleep,
    CallTimeout,
    HandlerStalledError,
    InvalidMessage,
    LoopBusyError,
    ServiceUnavailable,
    UnfitTarget,
    UnknownAddress,
    UnknownSagaInstance,
    UnknownTarget,
    WorldClosed,
)
from studio.simulation.current import latest

ROOT = Path(__file__).resolve().parents[2]
SHOP = """
%%service Shop --replicas 2
import asyncio
stock = service.collection("stock", Thing, key="id")
@service.operation($.Shop.take, raises=[Declined])
async def take(thing: Thing) -> Thing:
    found = await stock.get(thing.id)
    if found is None:
        raise Declined("none left")
    log.info("took", id=thing.id, who=principal())
    return found
@service.operation($.Shop.rest, timeout="10m")
async def rest(thing: Thing) -> None:
    await asyncio.sleep(thing.amount)
@service.job("0 * * * *")
async def hourly() -> None:
    log.info("hourly")
"""
SAGA = """
%%saga Buying --on $.Thing.made --stuck $.Thing.stuck
@saga.step(retry=Retry(attempts=2, first="1s", most="1s"), timeout="1m")
async def rest(thing: Thing) -> Told:
    await Shop.rest(thing)
    return Told(text="rested")
@rest.compensation
async def wake(thing: Thing, done: Told | None) -> None:
    if (await Shop.take(thing)).amount == 0:
        raise ValueError("not yet")
"""
TAKE, REST, MADE = S.Shop.take, S.Shop.rest, S.Thing.made


@pytest.fixture
def shop(play: Any) -> Any:
    played = play(SHOP, SAGA)
    played.world.given("Shop.stock", [played.thing("tea", 5)])
    return played


def test_send_calls_a_command_and_publishes_an_event(shop: Any) -> None:
    assert shop.world.send(TAKE, shop.thing("tea")).amount == 5
    assert shop.world.send(MADE, shop.thing("a")) is None
    assert shop.world.settle().sagas()["state"].to_list() == ["completed"]


def test_declared_error_is_raised_as_its_own_type(shop: Any) -> None:
    with pytest.raises(shop.names["Declined"], match="none left"):
        shop.world.call(TAKE, shop.thing("oil"))


def test_principal_reaches_the_handler(shop: Any) -> None:
    shop.world.call(TAKE, shop.thing("tea"), principal="ada")
    assert '"who": "ada"' in shop.world.log()["fields"][0]


@pytest.mark.parametrize("verb", ["send", "call", "publish"])
def test_unknown_address_names_the_nearest(shop: Any, verb: str) -> None:
    with pytest.raises(UnknownAddress, match=r"Shop\.take"):
        getattr(shop.world, verb)(S.Shop.takes, shop.thing())


def test_message_of_another_contract_is_refused(shop: Any) -> None:
    with pytest.raises(InvalidMessage):
        shop.world.call(TAKE, {"id": 1})


def test_publish_returns_when_stored_and_settle_lets_it_be_handled(shop: Any) -> None:
    shop.world.publish(MADE, shop.thing("a"), key="other")
    assert len(shop.world.sagas()) == 0
    assert shop.world.settle().sagas()["saga"].to_list() == ["Buying/other"]


def test_advance_lets_jobs_run_and_settle_does_not(shop: Any) -> None:
    shop.world.send(MADE, shop.thing("a", 3700))
    shop.world.settle("2h")
    assert shop.lines() == []
    shop.world.advance("2h")
    assert shop.lines() == ["hourly", "hourly"]


def test_crash_names_known_replicas(shop: Any) -> None:
    for target, replica in (("Shop", 3), ("Shpo", 1), ("cards", 1)):
        with pytest.raises(UnknownTarget, match="Shop"):
            shop.world.crash(target, replica=replica)
    shop.world.crash("Shop", replica=2, down_for="1m").advance("2m")
    assert shop.world.run.lives["change"].to_list()[-2:] == ["crashed", "started"]


def test_inject_puts_a_fault_in_force_and_refuses_what_it_cannot_strike(shop: Any) -> None:
    shop.world.call(TAKE, shop.thing("tea"))
    shop.world.inject(lose(TAKE, occurrence=1))
    with pytest.raises(CallTimeout):
        shop.world.call(TAKE, shop.thing("tea"))
    shop.world.call(TAKE, shop.thing("tea"))
    with pytest.raises(UnfitTarget):
        shop.world.inject(lose("Shop.stock"))
    assert len(shop.world.run.plan) == 1


def test_given_again_makes_another_version(shop: Any) -> None:
    shop.world.given("Shop.stock", [{"id": "tea", "amount": 9}])
    assert shop.world.collection("Shop.stock") == [{"id": "tea", "amount": 9}]
    assert shop.world.sql("select version from document_changes")["version"].to_list() == [1, 2]
    for target in ("Shop.stok", "MODE"):
        with pytest.raises(UnknownTarget, match=r"Shop\.stock"):
            shop.world.given(target, [1])


def test_trace_is_the_latest_from_outside_or_a_sagas(shop: Any) -> None:
    shop.world.send(MADE, shop.thing("a"))
    shop.world.settle()
    shop.world.call(TAKE, shop.thing("tea"))
    assert "Shop.take" in shop.world.trace().text()
    assert "Shop.rest" in shop.world.trace("a").text()


def test_cancelled_saga_is_undone(shop: Any) -> None:
    shop.world.send(MADE, shop.thing("tea", 30))
    shop.world.advance("1s").cancel("Buying/tea").settle()
    assert shop.world.sagas()["state"].to_list() == ["compensated"]


def test_operated_saga_belongs_to_its_orchestrator_and_dies_with_it(shop: Any) -> None:
    shop.world.send(MADE, shop.thing("tea", 30))
    shop.world.advance("1s").cancel("Buying/tea").crash("Buying", down_for="1m").advance("10s")
    assert shop.world.sagas()["state"].to_list() == ["running"]
    with pytest.raises(ServiceUnavailable):
        shop.world.cancel("Buying/tea")
    assert shop.world.settle().sagas()["state"].to_list() == ["compensated"]


def test_stuck_saga_is_resumed(shop: Any) -> None:
    shop.world.send(MADE, shop.thing("oil", 600))
    shop.world.settle("1h")
    assert shop.world.sagas()["state"].to_list() == ["stuck"]
    shop.world.given("Shop.stock", [shop.thing("oil", 1)])
    shop.world.resume("Buying/oil").settle()
    assert shop.world.sagas()["state"].to_list() == ["compensated"]


def test_unknown_instance_and_saga_are_told(shop: Any) -> None:
    with pytest.raises(UnknownSagaInstance):
        shop.world.cancel("Buying/nobody")
    with pytest.raises(UnknownTarget):
        shop.world.cancel("nobody")


def test_closed_world_refuses_and_keeps_its_run(shop: Any) -> None:
    shop.world.call(TAKE, shop.thing("tea"))
    run = shop.world.close()
    assert run.status == "finished"
    assert shop.world.close() is run
    acts: tuple[Any, ...] = (
        lambda: shop.world.call(TAKE, shop.thing()),
        lambda: shop.world.send(TAKE, shop.thing()),
        lambda: shop.world.advance("1s"),
        shop.world.settle,
        lambda: shop.world.crash("Shop"),
        lambda: shop.world.given("Shop.stock", []),
        lambda: shop.world.cancel("Buying/a"),
        shop.world.check,
    )
    for act in acts:
        with pytest.raises(WorldClosed):
            act()
    assert "2 ms of virtual time" in str(run.summary())


def test_world_is_driven_under_a_running_loop(shop: Any) -> None:
    async def main() -> int:
        taken = shop.world.call(TAKE, shop.thing("tea"))
        await asyncio.sleep(0)
        return int(taken.amount)

    assert asyncio.run(main()) == 5


def test_two_worlds_are_driven_in_turn_and_alike(play: Any) -> None:
    one, other = play(SHOP, seed=4), play(SHOP, seed=4)
    for number in range(3):
        for each in (one, other):
            each.world.given("Shop.stock", [each.thing(str(number))])
            each.world.call(TAKE, each.thing(str(number)))
    assert one.world.close().sha256 == other.world.close().sha256


def test_simulated_code_does_not_drive_its_own_world(play: Any) -> None:
    played = play("""
    %%service Odd
    from studio.simulation.current import latest
    @service.operation($.Odd.drive)
    async def drive(thing: Thing) -> None:
        latest().advance("1s")
    """)
    assert latest() == played.world
    with pytest.raises(Exception, match="STU431"):
        played.world.call(S.Odd.drive, played.thing())
    assert LoopBusyError.code in played.world.sql("select error from spans")["error"].to_list()


def test_handler_that_never_yields_aborts_the_world(play: Any) -> None:
    played = play("""
    %%service Odd
    @service.operation($.Odd.spin)
    async def spin(thing: Thing) -> None:
        while True:
            pass
    """)
    played.world._cluster.loop.stall_s = 0.3  # noqa: SLF001 - nobody waits ten seconds in a test
    with pytest.raises(HandlerStalledError):
        played.world.call(S.Odd.spin, played.thing())
    assert played.world.close().status == "aborted"


def test_sleep_that_blocks_the_loop_is_told(play: Any) -> None:
    played = play("""
    %%service Odd
    import time
    @service.operation($.Odd.sleep)
    async def sleep(thing: Thing) -> None:
        time.sleep(1)
    """)
    with pytest.raises(Exception, match="STU431"):
        played.world.call(S.Odd.sleep, played.thing())
    assert BlockingSleep.code in played.world.sql("select error from spans")["error"].to_list()


UNCLOSED = """
from studio import S
from studio.graph.system import System
from studio.simulation.world import world
from studio.source.cell import cell_from_text

system = System()
system.define(cell_from_text('''%%service Busy
import asyncio
@service.operation($.Busy.work)
async def work() -> None:
    asyncio.create_task(asyncio.sleep(100))
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.sleep(1)
        log.info("never")
'''))
for seed in (1, 2):
    played = world(seed=seed, system=system)
    try:
        played.call(S.Busy.work, None, timeout="1s")
    except Exception as error:
        print(type(error).__name__)
run = played.run
"""


def test_world_that_is_not_closed_ends_quietly() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", dedent(UNCLOSED)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["CallTimeout", "CallTimeout"]
    assert not done.stderr


def test_world_that_is_not_closed_keeps_its_records(tmp_path: Path) -> None:
    from studio.store import Log

    file = tmp_path / "runs.duckdb"
    code = dedent(UNCLOSED).replace("(seed=seed,", f"(seed=seed, log=Log.open({str(file)!r}),")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from studio.store import Log\n" + code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert not done.stderr
    rows = Log.open(file).runs()
    assert [row.status for row in rows] == ["finished", "finished"]
    assert all(row.records > 5 for row in rows)


def test_world_that_is_dropped_is_finished(system_from: Any) -> None:
    import gc

    from studio.simulation.current import set_latest
    from studio.simulation.world import world
    from studio.store import Log

    log = Log.memory()
    started = world(system=system_from(SHOP), log=log)
    set_latest(None)
    del started
    gc.collect()
    assert [row.status for row in log.runs()] == ["finished"]


def test_world_takes_its_conditions_from_a_scenario(system_from: Any) -> None:
    from studio.simulation.world import world
    from studio.store import Log

    scenario = "%%scenario far\ngiven('Shop.stock', [Thing(id='tea', amount=3)])\nnetwork('20ms')\ncrash('Shop')"
    with world(system=system_from(SHOP, scenario), scenario="far", log=Log.memory()) as played:
        assert played.call(TAKE, {"id": "tea"}).amount == 3
        assert played.now == "40 ms"
        assert played.run.plan == ()
