"""Faults of the storage: what processes get from it, and what stands afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, lose_unsynced, stale_read, storage_conflict, storage_error, storage_stall
from studio.errors import StorageUnavailable, UndeclaredError, UnfitTarget, UnknownTarget
from studio.model.faults.storage_faults import StorageError

KEEP, TAKE, LOOK = S.Shelf.keep, S.Shelf.take, S.Shelf.look

SHELF = """
%%service Shelf
things = service.collection("things", Thing, key="id", unique=["id"])
@service.operation($.Shelf.keep)
async def keep(thing: Thing) -> None:
    await things.put(thing)
@service.operation($.Shelf.take, transactional=True)
async def take(thing: Thing) -> Thing:
    found = await things.get(thing.id)
    log.info("takes", amount=found.amount)
    await things.put(Thing(id=thing.id, amount=found.amount - thing.amount))
    return found
@service.operation($.Shelf.look)
async def look(thing: Thing) -> list[Thing]:
    found = await things.get(thing.id)
    return [found or thing, *await things.query(id=thing.id)]
"""


def kept(played: Any) -> list[int]:
    return [each["amount"] for each in played.world.collection("Shelf.things")]


def keep(played: Any, amount: int) -> None:
    played.world.call(KEEP, played.thing(amount=amount))


def look(played: Any) -> list[int]:
    return [each.amount for each in played.world.call(LOOK, played.thing(amount=0))]


def test_failed_commit_is_not_there(play: Any) -> None:
    played = play(SHELF, faults=[storage_error("Shelf.things", occurrence=1)])
    with pytest.raises(UndeclaredError, match=StorageUnavailable.code):
        keep(played, 1)
    assert kept(played) == []
    keep(played, 2)
    assert kept(played) == [2]


def test_commit_whose_answer_is_lost_stands(play: Any) -> None:
    played = play(SHELF, faults=[storage_error("Shelf", committed=True, occurrence=1)])
    with pytest.raises(UndeclaredError, match=StorageUnavailable.code):
        keep(played, 1)
    assert look(played) == [1, 1]


def test_reads_fail_only_where_reads_are_meant(play: Any) -> None:
    played = play(SHELF, faults=[storage_error("*", operation="read", until="1s")])
    keep(played, 1)
    with pytest.raises(UndeclaredError, match=StorageUnavailable.code):
        look(played)
    played.world.advance("1s")
    assert look(played) == [1, 1]


def test_stall_takes_virtual_time_and_then_happens(play: Any) -> None:
    played = play(SHELF, faults=[storage_stall("Shelf.things", "700ms", operation="commit")])
    keep(played, 1)
    assert played.world.now == "702 ms"
    assert kept(played) == [1]


def test_another_writer_makes_a_transaction_run_again(play: Any) -> None:
    played = play(SHELF, faults=[storage_conflict("Shelf.things", occurrence=1)])
    keep(played, 5)
    assert played.world.call(TAKE, played.thing(amount=2)).amount == 5
    assert kept(played) == [3]
    assert played.lines() == ["takes", "takes"]


def test_stale_read_shows_what_stood_then(play: Any) -> None:
    played = play(SHELF, faults=[stale_read("Shelf.things", behind="1s", at="2s")])
    keep(played, 1)
    played.world.advance("2s")
    keep(played, 2)
    assert look(played) == [1, 1]
    played.world.advance("1s")
    assert look(played) == [2, 2]


def test_transaction_that_read_stale_data_never_commits(play: Any) -> None:
    played = play(SHELF, faults=[stale_read("Shelf.things", occurrence=1)])
    keep(played, 5)
    played.world.advance("5s")
    keep(played, 4)
    assert played.world.call(TAKE, played.thing(amount=1)).amount == 4
    assert kept(played) == [3]
    assert len(played.lines()) == 2


def test_unsynced_commits_vanish_with_the_process(play: Any) -> None:
    played = play(SHELF, faults=[lose_unsynced("Shelf", at="3s", last="500ms")])
    keep(played, 1)
    played.world.advance("2700ms")
    keep(played, 2)
    played.world.advance("5s")
    assert look(played) == [1, 1]
    assert kept(played) == [1]
    assert played.world.run.lives["change"].to_list() == ["started", "crashed", "started"]


def test_fault_that_is_added_by_hand_strikes_from_then_on(play: Any) -> None:
    played = play(SHELF)
    keep(played, 1)
    played.world.inject(storage_error("Shelf"))
    with pytest.raises(UndeclaredError):
        keep(played, 2)
    assert kept(played) == [1]


def test_strikes_are_recorded_with_the_message(play: Any) -> None:
    played = play(SHELF, faults=[storage_error("Shelf", occurrence=1)])
    with pytest.raises(UndeclaredError):
        keep(played, 1)
    (strike,) = played.world.run.faults.rows(named=True)
    assert (strike["kind"], strike["message"] > 0) == (StorageError.kind, True)
    assert strike["detail"] == "commit of Shelf.things failed"


@pytest.mark.parametrize("fault", [stale_read("Shelf.thing"), lose_unsynced("Shelv"), storage_stall("Shelf.keep")])
def test_targets_are_checked(play: Any, fault: Any) -> None:
    with pytest.raises((UnknownTarget, UnfitTarget), match="Shelf"):
        play(SHELF, faults=[fault])
