"""Rolling deploys: replicas drain, stop and start anew, and sagas move from one version to the next."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, deploy
from studio.errors import UnfitTarget, UnknownTarget

WORK = S.Worker.work

WORKER = """
%%service Worker --replicas 2
import asyncio
@service.operation($.Worker.work, timeout="30s")
async def work(thing: Thing) -> Told:
    await asyncio.sleep(thing.amount)
    return Told(text="done")
"""
OUTSIDE = """
%%service Caller
@service.on($.Thing.made)
async def made(thing: Thing) -> None:
    answer = await Worker.work(thing)
    log.info(answer.text)
"""
SAGA = """
%%saga Making --on $.Thing.made --version {version}
import asyncio
@saga.step
async def first(thing: Thing) -> Told:
    log.info("{version} first")
    await asyncio.sleep(thing.amount)
    return Told(text="x")
@first.compensation
async def undo(thing: Thing, done: Told | None) -> None:
    log.info("{version} undo")
@saga.step
async def last(thing: Thing) -> Told:
    log.info("{version} last")
    return Told(text="y")
"""


def lives(played: Any) -> list[tuple[int, str]]:
    found = played.world.run.lives.filter(played.world.run.lives["change"] != "crashed")
    return list(zip(found["replica"].to_list(), found["change"].to_list(), strict=True))


def versions(played: Any) -> dict[str, str]:
    return {each["saga"]: each["version"] for each in played.world.sagas().rows(named=True)}


def test_replicas_are_replaced_one_after_another(play: Any) -> None:
    played = play(WORKER, faults=[deploy("Worker", at="1s", start="2s")])
    played.world.advance("10s")
    again = [(1, "stopped"), (1, "started"), (2, "stopped"), (2, "started")]
    assert lives(played) == [(1, "started"), (2, "started"), *again]
    assert played.world.run.lives["at_s"].to_list()[2:] == [1.0, 3.0, 3.0, 5.0]


def test_work_under_way_is_ended_and_new_work_goes_elsewhere(play: Any) -> None:
    played = play(WORKER, OUTSIDE, faults=[deploy("Worker", at="1s", drain="5s")])
    for name in ("a", "b"):
        played.world.publish(S.Thing.made, played.thing(name, amount=3))
    played.world.advance("2s")
    assert played.world.call(WORK, played.thing(amount=0)).text == "done"
    played.world.settle()
    assert played.lines() == ["done", "done"]


def test_work_that_outlasts_the_drain_dies_with_its_process(play: Any) -> None:
    played = play(WORKER, faults=[deploy("Worker", at="1s", drain="2s")])
    with pytest.raises(Exception, match="STU410"):
        played.world.call(WORK, played.thing(amount=20))
    assert played.handled("Worker.work", "crashed")


def test_instances_finish_on_the_version_that_started_them(play: Any) -> None:
    both = (SAGA.format(version="1.0.0"), SAGA.format(version="2.0.0"))
    played = play(WORKER, *both, faults=[deploy("Making", at="2s", drain="500ms", before="1.0.0")])
    played.world.publish(S.Thing.made, played.thing("old", amount=4))
    played.world.advance("5s")
    played.world.publish(S.Thing.made, played.thing("new", amount=0))
    played.world.settle()
    assert versions(played) == {"Making/old": "1.0.0", "Making/new": "2.0.0"}
    assert set(played.world.sagas()["state"]) == {"completed"}
    assert played.lines() == ["1.0.0 first", "1.0.0 first", "2.0.0 first", "2.0.0 last", "1.0.0 last"]


def test_instances_of_a_retired_version_get_stuck_after_its_deploy(play: Any) -> None:
    old = SAGA.format(version="1.0.0").replace("--version 1.0.0", "--version 1.0.0 --retired")
    played = play(
        WORKER, old, SAGA.format(version="2.0.0"), faults=[deploy("Making", at="2s", drain="500ms", before="1.0.0")]
    )
    played.world.publish(S.Thing.made, played.thing("old", amount=4))
    played.world.settle()
    ((state, reason),) = played.world.sagas().select("state", "reason").rows()
    assert (state, reason) == ("stuck", "STU441")
    assert played.lines() == ["1.0.0 first"]


def test_without_a_deploy_the_latest_version_runs_from_the_start(play: Any) -> None:
    played = play(WORKER, SAGA.format(version="1.0.0"), SAGA.format(version="2.0.0"))
    played.world.publish(S.Thing.made, played.thing("x"))
    played.world.settle()
    assert versions(played) == {"Making/x": "2.0.0"}


def test_version_must_be_an_older_one_that_is_kept(play: Any) -> None:
    with pytest.raises(UnfitTarget, match=r"no older version 1.0.0"):
        play(WORKER, SAGA.format(version="1.0.0"), faults=[deploy("Making", before="1.0.0")])
    with pytest.raises(UnfitTarget, match=r"no older version"):
        play(WORKER, faults=[deploy("Worker", before="1.0.0")])
    with pytest.raises(UnknownTarget, match="Worker"):
        play(WORKER, faults=[deploy("Workers")])


TAKER = """
%%service Taker --replicas 2
import asyncio
@service.on($.Thing.made)
async def take(thing: Thing) -> None:
    await asyncio.sleep(0.4)
    log.info(thing.id)
"""


@pytest.mark.parametrize("bus", ["jetstream", "rabbitmq", "kafka"])
def test_drained_deploy_handles_each_event_once(play: Any, bus: str) -> None:
    played = play(TAKER, bus=bus, faults=[deploy("Taker", at="1s", start="1s")])
    for number in range(20):
        played.world.publish(S.Thing.made, played.thing(f"{number:02d}"))
        played.world.advance("200ms")
    played.world.settle()
    assert sorted(played.lines()) == [f"{number:02d}" for number in range(20)]
