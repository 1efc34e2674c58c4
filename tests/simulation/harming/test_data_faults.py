"""Data of another version, and workloads that mean one key."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from studio import S, hot_key, mismatch
from studio.errors import CallRefused, UnfitTarget
from studio.graph.system import System
from studio.model.fault import Fault
from studio.simulation.simulate import simulate
from studio.store import Log

ECHO = """
%%service Echo
@service.operation($.Echo.say)
async def say(thing: Thing) -> Thing:
    return thing
@service.on($.Thing.made, max_deliver=2)
async def made(thing: Thing) -> None:
    log.info(thing.id)
"""
WORKLOAD = """
%%scenario busy --duration 10s
workload($.Thing.made, rate_per_s=20)
"""


def run_of(system: System, *faults: Fault) -> Any:
    return simulate("busy", seed=4, system=system, faults=faults, log=Log.memory())


def ids(run: Any) -> list[str]:
    texts: list[str] = run.logs["text"].to_list()
    return texts


def test_message_without_a_field_is_refused(play: Any) -> None:
    played = play(ECHO, faults=[mismatch(S.Echo.say, drop=["id"])])
    with pytest.raises(CallRefused, match="id"):
        played.world.call(S.Echo.say, played.thing())


def test_message_with_more_fields_or_defaults_is_taken(play: Any) -> None:
    played = play(ECHO, faults=[mismatch(S.Echo.say, drop=["amount"], add={"colour": "red"})])
    assert played.world.call(S.Echo.say, played.thing(amount=7)).amount == 1


def test_renamed_field_is_missing_at_the_one_that_knows_it_by_its_old_name(play: Any) -> None:
    played = play(ECHO, faults=[mismatch("$.Echo.*", rename={"id": "key"}, occurrence=1)])
    with pytest.raises(CallRefused, match="id"):
        played.world.call(S.Echo.say, played.thing())
    assert played.world.call(S.Echo.say, played.thing()).id == "a"


def test_answer_of_another_version_fails_at_the_caller(play: Any) -> None:
    played = play(ECHO, faults=[mismatch(S.Echo.say, drop=["id"], leg="reply")])
    with pytest.raises(Exception, match="id"):
        played.world.call(S.Echo.say, played.thing())
    assert len(played.handled("Echo.say", "ok")) == 1


def test_event_of_another_version_is_so_at_every_delivery(play: Any) -> None:
    played = play(ECHO, faults=[mismatch(S.Thing.made, drop=["id"], occurrence=1)])
    played.world.publish(S.Thing.made, played.thing("bad"))
    played.world.publish(S.Thing.made, played.thing("good"))
    played.world.settle()
    assert played.lines() == ["good"]
    assert played.outcomes("Echo").count("dead-lettered") == 1


def test_events_have_no_reply(play: Any) -> None:
    with pytest.raises(UnfitTarget, match="no reply"):
        play(ECHO, faults=[mismatch(S.Thing.made, leg="reply")])


def test_hot_key_is_shared_by_its_part_of_the_messages(system_from: Any) -> None:
    system = system_from(ECHO, WORKLOAD)
    cold, hot = ids(run_of(system)), ids(run_of(system, hot_key(S.Thing.made, probability=0.4)))
    assert len(cold) == len(hot)
    assert max(Counter(cold).values()) < 5
    assert 0.25 < hot.count(cold[0]) / len(hot) < 0.55


def test_messages_that_are_not_hot_stay_as_they_were(system_from: Any) -> None:
    system = system_from(ECHO, WORKLOAD)
    cold, hot = ids(run_of(system)), ids(run_of(system, hot_key(S.Thing.made, at="3s", until="6s")))
    assert all(each in (cold[0], was) for each, was in zip(hot, cold, strict=True))
    assert hot[-5:] == cold[-5:]


def test_field_that_messages_do_not_have_is_refused(system_from: Any) -> None:
    for fault in (hot_key(S.Thing.made, field="customer.id"), mismatch(S.Thing.made, drop=["customer.id"])):
        with pytest.raises(UnfitTarget, match=r"has no field customer.id"):
            run_of(system_from(ECHO, WORKLOAD), fault)
