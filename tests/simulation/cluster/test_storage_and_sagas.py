"""Sagas, outboxes and kept answers on a storage that fails: what was promised holds all the same."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, lose_unsynced, storage_error, storage_stall
from studio.model.fault import Fault

SAGA = """
%%saga Making --on $.Thing.made --completed $.Thing.seen
@saga.step
async def first(thing: Thing) -> Told:
    return await Maker.make(thing)
@first.compensation
async def undo(thing: Thing, done: Told | None) -> None:
    pass
@saga.step
async def last(thing: Thing) -> Told:
    return await Maker.make(Thing(id=thing.id + "2"))
"""
MAKER = """
%%service Maker
@service.operation($.Maker.make, idempotent=True, transactional=True, retry=Retry(attempts=9, backoff="fixed"))
async def make(thing: Thing) -> Told:
    log.info("made " + thing.id)
    return Told(text="x")
"""
SEER = """
%%service Seer
things = service.collection("things", Thing, key="id")
@service.on($.Thing.seen, transactional=True)
async def see(thing: Thing) -> None:
    await things.insert(thing)
    await publish($.Thing.told, Told(text=thing.id))
@service.on($.Thing.told, idempotent=True)
async def hear(told: Told) -> None:
    log.info("heard " + told.text)
"""


def played_with(play: Any, *faults: Fault) -> Any:
    played = play(SAGA, MAKER, SEER, faults=faults)
    played.world.publish(S.Thing.made, played.thing())
    played.world.settle()
    return played


@pytest.mark.parametrize("what", ["fails", "stands without an answer"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_saga_ends_whichever_commit_of_its_journal_fails(play: Any, nth: int, what: str) -> None:
    played = played_with(play, storage_error("Making", committed=what != "fails", occurrence=nth))
    assert played.world.sagas()["state"].to_list() == ["completed"]
    assert [line for line in played.lines() if line.startswith("heard")] == ["heard a"]


@pytest.mark.parametrize("what", ["fails", "stands without an answer"])
@pytest.mark.parametrize("nth", range(1, 5))
def test_transaction_and_its_events_happen_once_whichever_commit_fails(play: Any, nth: int, what: str) -> None:
    played = played_with(play, storage_error("Seer", committed=what != "fails", occurrence=nth))
    assert [each["id"] for each in played.world.collection("Seer.things")] == ["a"]
    assert "heard a" in played.lines()


@pytest.mark.parametrize("target", ["Making", "Seer", "*"])
def test_outage_from_the_start_is_sat_out(play: Any, target: str) -> None:
    played = played_with(play, storage_error(target, operation="any", until="3s"))
    assert played.world.sagas()["state"].to_list() == ["completed"]
    assert "heard a" in played.lines()


def test_slow_storage_delays_and_harms_nothing(play: Any) -> None:
    played = played_with(play, storage_stall("*", "100ms"))
    assert played.world.sagas()["state"].to_list() == ["completed"]


def test_orchestrator_that_lost_its_last_entries_does_the_steps_again(play: Any) -> None:
    played = played_with(play, storage_stall("Making", "100ms"), lose_unsynced("Making", at="400ms", last="150ms"))
    assert played.world.sagas()["state"].to_list() == ["completed"]
    assert played.lines().count("made a") == 1
