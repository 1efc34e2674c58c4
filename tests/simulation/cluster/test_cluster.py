"""Crashes: at an instant, at every named point, of services and sagas; memory is lost, what was committed stays."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, crash, crash_at, lose
from studio.records import FaultStrike, Life

MADE = S.Thing.made

STORE = """
%%service Store
import asyncio
things = service.collection("things", Thing, key="id")
seen = []
@service.operation($.Store.put, idempotent=True, retry=Retry(attempts=3), timeout="5s")
async def put(thing: Thing) -> Told:
    seen.append(thing.id)
    await things.put(thing)
    return Told(text=" ".join(seen))
@service.operation($.Store.drop)
async def drop(thing: Thing) -> None:
    await things.delete(thing.id)
@service.operation($.Store.hold, timeout="1m")
async def hold(thing: Thing) -> None:
    try:
        await asyncio.sleep(30)
    finally:
        log.info("released")
        await things.put(thing)
"""
PAYER = """
%%service Payer
@service.operation($.Payer.pay, raises=[Declined])
async def pay(thing: Thing) -> Told:
    if thing.amount > 100:
        raise Declined("too much")
    return Told(text="paid")
"""
SAGA = """
%%saga Buying --on $.Thing.made --completed $.Thing.seen
@saga.step(retry=Retry(attempts=5), timeout="10s")
async def keep(thing: Thing) -> Told:
    return await Store.put(thing)
@keep.compensation
async def unkeep(thing: Thing, done: Told | None) -> None:
    await Store.drop(thing)
@saga.step(retry=Retry(attempts=5), timeout="10s")
async def pay(thing: Thing) -> Told:
    return await Payer.pay(thing)
@pay.compensation
async def unpay(thing: Thing, done: Told | None) -> None:
    log.info("unpaid")
"""
HEARER = """
%%service Hearer
@service.on($.Thing.seen, ack_wait="5s")
async def hear(thing: Thing) -> None:
    log.info("seen " + thing.id)
@service.job("*/10 * * * * *")
async def tick() -> None:
    log.info("tick")
"""
SHOP = (STORE, PAYER, SAGA, HEARER)


def strikes(played: Any) -> list[Any]:
    return list(played.records(FaultStrike))


def crashed(played: Any) -> list[str]:
    return [life.service for life in played.records(Life) if life.change == "crashed"]


def test_restart_loses_memory_and_keeps_documents(play: Any) -> None:
    played = play(STORE)
    put = S.Store.put
    played.world.call(put, played.thing("a"))
    assert played.world.call(put, played.thing("b")).text == "a b"
    played.world.crash("Store", down_for="1s").advance("1s")
    assert played.world.call(put, played.thing("c")).text == "c"
    assert [each["id"] for each in played.world.collection("Store.things")] == ["a", "b", "c"]


def test_no_finally_acts_after_a_crash(play: Any) -> None:
    played = play(STORE, faults=[crash("Store", at="1s")])
    with pytest.raises(Exception, match="STU410"):
        played.world.call(S.Store.hold, played.thing())
    run = played.world.close()
    assert run.logs["text"].to_list() == []
    assert run.collection("Store.things") == []


def test_planned_crash_strikes_one_replica_at_its_instant(play: Any) -> None:
    played = play(STORE.replace("Store", "Store --replicas 2", 1), faults=[crash("Store", at="2s", replica=2)])
    played.world.advance("5s")
    lives = [(life.at_ns // 10**9, life.replica, life.change) for life in played.records(Life)][2:]
    assert lives == [(2, 2, "crashed"), (3, 2, "started")]
    assert strikes(played)[0].detail == "Store/2"


def test_crash_of_what_is_down_does_not_strike(play: Any) -> None:
    faults = [crash("Store", at="1s", down_for="5s"), crash("Store", at="2s")]
    played = play(STORE, faults=faults)
    played.world.advance("10s")
    assert [strike.fault for strike in strikes(played)] == [1]
    assert crashed(played) == ["Store"]


POINTS = [
    ("before-handler", "Store.put", "Store"),
    ("before-handler", "Store", "Store"),
    ("before-handler", "Buying.keep", "Buying"),
    ("before-handler", "Hearer.tick", "Hearer"),
    ("after-effect", "Store.things", "Store"),
    ("after-effect", "Payer.pay", "Buying"),
    ("after-effect", "Thing.seen", "Buying"),
    ("before-journal", "Buying.keep", "Buying"),
    ("before-journal", "Buying", "Buying"),
    ("before-publish", "Thing.seen", "Buying"),
    ("before-acknowledge", "Thing.made", "Buying"),
    ("before-acknowledge", "Thing.seen", "Hearer"),
]


@pytest.mark.parametrize(("point", "target", "victim"), POINTS)
def test_system_carries_on_after_a_crash_at_any_point(play: Any, point: str, target: str, victim: str) -> None:
    played = play(*SHOP, faults=[crash_at(point, target)])
    played.world.send(MADE, played.thing())
    played.world.advance("15s").settle()
    assert crashed(played) == [victim]
    assert len(strikes(played)) == 1
    assert played.world.sagas()["state"].to_list() == ["completed"]
    assert played.lines().count("seen a") in (1, 2)
    assert [each["id"] for each in played.world.collection("Store.things")] == ["a"]


@pytest.mark.parametrize("target", ["Buying.keep", "Buying.pay", "Buying"])
def test_compensation_carries_on_after_a_crash_in_it(play: Any, target: str) -> None:
    played = play(*SHOP, faults=[crash_at("during-compensation", target)])
    played.world.send(MADE, played.thing(amount=1000))
    played.world.settle()
    assert crashed(played) == ["Buying"]
    assert played.world.sagas()["state"].to_list() == ["compensated"]
    assert played.world.collection("Store.things") == []


def test_occurrence_says_which_time_at_a_point(play: Any) -> None:
    played = play(*SHOP, faults=[crash_at("before-handler", "Payer.pay", occurrence=2)])
    for id_ in ("a", "b", "c"):
        played.world.send(MADE, played.thing(id_))
        played.world.settle()
    assert strikes(played)[0].message != 0
    assert played.world.sagas()["state"].to_list() == ["completed"] * 3
    assert len(played.handled("Payer.pay", "crashed")) == 1


def test_every_occurrence_can_crash_with_a_probability(play: Any) -> None:
    fault = crash_at("before-acknowledge", "Thing.seen", occurrence=0, probability=0.5, down_for="1s")
    played = play(*SHOP, faults=[fault], seed=3)
    for number in range(6):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle("1h")
    assert 0 < len(strikes(played)) < 20
    # A process that dies takes deliveries on their way to it along, each of which counts: some end as dead letters.
    ended = [each for each in played.outcomes("Hearer") if each in ("acknowledged", "dead-lettered")]
    assert len(ended) == 6


def test_nothing_outside_the_system_crashes(play: Any) -> None:
    faults = [crash_at("before-publish", MADE), crash_at("after-effect", MADE)]
    played = play(*SHOP, faults=faults)
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert strikes(played) == []
    assert played.world.sagas()["state"].to_list() == ["completed"]


def test_saga_resumes_after_its_orchestrator_died_between_steps(play: Any) -> None:
    played = play(*SHOP, faults=[crash("Buying", at="5ms", down_for="1m")])
    played.world.send(MADE, played.thing())
    played.world.advance("1s")
    assert played.world.sagas()["state"].to_list() == ["running"]
    played.world.settle()
    assert played.world.sagas()["state"].to_list() == ["completed"]


def test_crash_in_mid_call_and_lost_reply_together_charge_nobody_twice(play: Any) -> None:
    faults = [lose("Store.put", leg="reply", occurrence=1), crash_at("before-journal", "Buying.keep")]
    played = play(*SHOP, faults=faults)
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.world.sagas()["state"].to_list() == ["completed"]
    changes = played.world.sql("select change from document_changes where collection = 'things'")
    assert changes["change"].to_list() == ["insert"]
