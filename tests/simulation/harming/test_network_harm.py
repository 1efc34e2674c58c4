"""Faults of the network in a world: partitions, clogs, refusals, late replies, links between two services."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from studio import CallTimeout, S, ServiceUnavailable, clog, down, late, lose, partition, refuse, together, zone
from studio.errors import CallRefused, StudioError
from studio.records import Delivery, FaultStrike

ECHO = """
%%service Echo --replicas 2
@service.operation($.Echo.say, timeout="2s")
async def say(thing: Thing) -> Told:
    log.info("said " + thing.id)
    return Told(text=thing.id)
@service.on($.Thing.made, ack_wait="2s")
async def hear(thing: Thing) -> None:
    log.info("heard " + thing.id)
"""
ASKER = """
%%service Asker
@service.operation($.Asker.ask, timeout="5s")
async def ask(thing: Thing) -> Told:
    return await Echo.say(thing)
@service.operation($.Asker.tell, timeout="10s")
async def tell(thing: Thing) -> None:
    await publish($.Thing.made, thing)
"""
SAY, ASK, TELL, MADE = S.Echo.say, S.Asker.ask, S.Asker.tell, S.Thing.made


def details(played: Any) -> list[str]:
    return [strike.detail for strike in played.records(FaultStrike)]


def test_a_partition_lies_between_its_two_sides_only(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[partition("Echo", "Asker")])
    assert played.world.call(SAY, played.thing()).text == "a"
    with pytest.raises(StudioError):
        played.world.call(ASK, played.thing())
    assert details(played) == ["request cut off"]


def test_a_partition_from_everybody_cuts_events_too_and_heals(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[partition("Echo", until="3s")])
    with pytest.raises(CallTimeout):
        played.world.call(SAY, played.thing())
    played.world.publish(MADE, played.thing("b"))
    played.world.advance("10s")
    assert played.lines() == ["heard b"]
    assert set(details(played)) == {"request cut off", "delivery cut off"}


def test_one_way_lets_requests_through_and_no_replies(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[partition("Echo", "world", ways="from")])
    with pytest.raises(CallTimeout):
        played.world.call(SAY, played.thing())
    assert played.lines() == ["said a"]
    assert details(played) == ["reply cut off"]


def test_what_is_held_arrives_when_the_partition_heals(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[partition("Echo", until="1500ms", mode="hold")])
    assert played.world.call(SAY, played.thing()).text == "a"
    assert played.world.now == "1.502 s"
    assert details(played) == ["request held until 1.5 s"]


def test_a_replica_alone_can_be_cut_off(play: Any) -> None:
    played = play(ECHO, faults=[partition("Echo/2")])
    fates = []
    for _ in range(4):
        try:
            fates.append(played.world.call(SAY, played.thing()).text)
        except CallTimeout:
            fates.append("lost")
    assert sorted(fates) == ["a", "a", "lost", "lost"]
    assert set(details(played)) == {"request cut off from Echo/2"}


def test_a_partition_from_the_bus_keeps_publishers_waiting(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[partition("bus", "Asker", until="2s")])
    with pytest.raises(StudioError):
        played.world.call(TELL, played.thing())
    assert "heard a" not in played.lines()


def test_a_clog_lets_messages_queue_and_drops_those_beyond(play: Any) -> None:
    played = play(ECHO, faults=[clog("Echo", per_s=1, most=2)])
    for name in "abcd":
        played.world.publish(MADE, played.thing(name))
    played.world.advance("1500ms")
    assert played.lines() == ["heard a", "heard b"]
    assert details(played)[:2] == ["delivery queues 998 ms", "delivery queues 1.996 s"]
    assert any("lost, 2 queue" in detail for detail in details(played))


def test_a_refused_call_never_ran_and_says_so(play: Any) -> None:
    played = play(ECHO, faults=[refuse(SAY, occurrence=1)])
    with pytest.raises(ServiceUnavailable):
        played.world.call(SAY, played.thing())
    assert played.world.call(SAY, played.thing("b")).text == "b"
    assert played.lines() == ["said b"]


def test_a_late_reply_is_recorded_and_read_by_nobody(play: Any) -> None:
    played = play(ECHO, faults=[late(SAY, by="500ms", occurrence=1)])
    with pytest.raises(CallTimeout):
        played.world.call(SAY, played.thing())
    played.world.advance("1s")
    assert played.outcomes("world") == ["timed-out", "late"]
    assert details(played) == ["reply late"]


def test_a_fault_on_a_link_leaves_other_callers_alone(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[lose(SAY, source="Asker")])
    assert played.world.call(SAY, played.thing()).text == "a"
    with pytest.raises(StudioError):
        played.world.call(ASK, played.thing())


def test_one_replica_that_is_down_refuses_its_share(play: Any) -> None:
    played = play(ECHO, faults=[down("Echo/1")])
    fates = []
    for _ in range(4):
        try:
            fates.append(played.world.call(SAY, played.thing()).text)
        except (ServiceUnavailable, CallRefused):
            fates.append("refused")
    assert sorted(fates) == ["a", "a", "refused", "refused"]


def test_a_zone_goes_down_as_one(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[down(zone("a", ["Echo/1", "Asker"]))])
    with pytest.raises(ServiceUnavailable):
        played.world.call(ASK, played.thing())
    assert [each.outcome for each in played.records(Delivery)] == ["refused"]


@pytest.mark.parametrize("seed", range(6))
def test_what_goes_together_comes_up_as_a_whole_or_not_at_all(play: Any, seed: int) -> None:
    both = together(refuse(SAY), refuse(TELL), until="1m", probability=0.5)
    played = play(ECHO, ASKER, faults=[both], seed=seed)
    for address in (SAY, TELL):
        with contextlib.suppress(ServiceUnavailable):
            played.world.call(address, played.thing())
    assert [strike.fault for strike in played.records(FaultStrike)] in ([], [1, 1])


def test_what_goes_together_counts_its_occasions_as_one(play: Any) -> None:
    played = play(ECHO, ASKER, faults=[together(refuse(SAY), refuse(TELL), occurrence=2)])
    played.world.call(SAY, played.thing())
    with pytest.raises(ServiceUnavailable):
        played.world.call(TELL, played.thing())
    assert played.world.call(SAY, played.thing()).text == "a"
