"""Faults of processes in a world: crash loops, pauses, zombies, and two live orchestrators of one saga."""

from __future__ import annotations

from typing import Any

import pytest

from studio import CallTimeout, S, crash, crash_at, pause, zone
from studio.model.faults.process_faults import POINTS
from studio.records import FaultStrike, Life, SagaChange

STORE = """
%%service Store --replicas 2
things = service.collection("things", Thing, key="id")
@service.operation($.Store.put, idempotent=True, retry=Retry(attempts=3), timeout="5s")
async def put(thing: Thing) -> Told:
    await things.put(thing)
    await publish($.Thing.seen, thing)
    return Told(text=thing.id)
@service.operation($.Store.drop)
async def drop(thing: Thing) -> None:
    await things.delete(thing.id)
"""
CLOCK = """
%%service Clock
import asyncio
woken = service.collection("woken", Thing, key="id")
@service.operation($.Clock.wait, timeout="1m")
async def wait(thing: Thing) -> Told:
    await asyncio.sleep(5)
    log.info("woke")
    await woken.put(thing)
    return Told(text=thing.id)
"""
SAGA = """
%%saga Buying --on $.Thing.made
@saga.step(retry=Retry(attempts=5), timeout="30s")
async def rest(thing: Thing) -> Told:
    return await Clock.wait(thing)
@rest.compensation
async def unrest(thing: Thing, done: Told | None) -> None:
    log.info("unrested")
@saga.step(retry=Retry(attempts=5), timeout="30s")
async def keep(thing: Thing) -> Told:
    if thing.amount > 100:
        raise ValueError("too much")
    return await Store.put(thing)
@keep.compensation
async def unkeep(thing: Thing, done: Told | None) -> None:
    await Store.drop(thing)
"""
HEARER = """
%%service Hearer
@service.on($.Thing.seen, ack_wait="5s", transactional=True)
async def hear(thing: Thing) -> None:
    await publish($.Thing.made, thing, key="other")
"""
MADE = S.Thing.made


def lives(played: Any, owner: str) -> list[tuple[str, str]]:
    return [(life.change, life.reason) for life in played.records(Life) if life.service == owner][1:]


def test_a_crash_loop_dies_again_at_every_start(play: Any) -> None:
    played = play(CLOCK, faults=[crash("Clock", at="1s", down_for="2s", times=3, lives="1s")])
    played.world.advance("1m")
    changes = [(life.at_ns // 10**9, life.change) for life in played.records(Life)]
    assert changes == [(0, "started"), (1, "crashed"), (3, "started"), (4, "crashed"), (6, "started"), (7, "crashed"),
                       (9, "started")]  # fmt: skip


def test_a_zone_crashes_as_one(play: Any) -> None:
    played = play(STORE, CLOCK, faults=[crash(zone("a", ["Store/2", "Clock"]), at="1s")])
    played.world.advance("1s")
    crashed = [(life.service, life.replica) for life in played.records(Life) if life.change == "crashed"]
    assert crashed == [("Store", 2), ("Clock", 1)]
    assert [strike.fault for strike in played.records(FaultStrike)] == [1, 1]


def test_a_paused_process_goes_on_as_if_nothing_had_been(play: Any) -> None:
    played = play(CLOCK, faults=[pause("Clock", at="2s", lasts="10s")])
    assert played.world.call(S.Clock.wait, played.thing()).text == "a"
    assert played.world.now == "12 s"
    assert lives(played, "Clock") == [("paused", ""), ("resumed", "")]


def test_calls_wait_in_the_socket_of_a_paused_process(play: Any) -> None:
    played = play(CLOCK, faults=[pause("Clock", at="0s", lasts="10s")])
    assert played.world.call(S.Clock.wait, played.thing()).text == "a"
    assert 15 <= float(played.world.now.split()[0]) < 16


def test_what_waits_at_a_paused_process_dies_with_it(play: Any) -> None:
    played = play(CLOCK, faults=[pause("Clock", lasts="10s"), crash("Clock", at="5s", down_for="1s")])
    with pytest.raises(CallTimeout):
        played.world.call(S.Clock.wait, played.thing())
    assert lives(played, "Clock") == [("paused", ""), ("crashed", "planned"), ("started", "restarted")]


def test_a_replaced_orchestrator_wakes_as_a_zombie_and_is_fenced(play: Any) -> None:
    asleep = pause("Buying", at="1s", lasts="20s", replaced_after="3s")
    played = play(STORE, CLOCK, SAGA, faults=[asleep])
    played.world.publish(MADE, played.thing())
    played.world.advance("1m")
    assert lives(played, "Buying") == [("paused", ""), ("replaced", ""), ("started", "replaced"),
                                       ("resumed", "as a zombie")]  # fmt: skip
    states = [(each.state, each.epoch) for each in played.records(SagaChange)]
    assert states == [("running", 1), ("running", 2), ("completed", 2)]
    assert [row["id"] for row in played.world.collection("Store.things")] == ["a"]


def test_a_zombie_that_crashes_leaves_its_successor_alone(play: Any) -> None:
    asleep = pause("Clock", at="1s", lasts="5s", replaced_after="1s")
    played = play(CLOCK, faults=[asleep, crash_at("after-effect", "Clock")])
    with pytest.raises(CallTimeout):
        played.world.call(S.Clock.wait, played.thing(), timeout="20s")
    assert lives(played, "Clock")[-2:] == [("resumed", "as a zombie"), ("crashed", "after-effect Clock.woken")]
    assert played.world.call(S.Clock.wait, played.thing("b"), timeout="1m").text == "b"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("owner", ["Store", "Hearer", "Buying"])
def test_every_point_is_reached_where_it_can_be(play: Any, point: str, owner: str) -> None:
    played = play(STORE, CLOCK, SAGA, HEARER, faults=[crash_at(point, owner)])
    played.world.publish(MADE, played.thing())
    played.world.publish(MADE, played.thing("b", amount=200))
    played.world.advance("2m")
    strange = {("Store", "before-acknowledge"), ("Store", "during-compensation"), ("Hearer", "during-compensation"),
               ("Buying", "before-publish")}  # fmt: skip
    assert ((owner, point) in strange) == (not played.records(FaultStrike))
