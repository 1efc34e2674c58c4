"""Faults of handlers, events and third parties in a world: failures, hangs, garbage, poison, order, slowness."""

from __future__ import annotations

from typing import Any

import pytest

from studio import (
    CallTimeout,
    S,
    ServiceError,
    UndeclaredError,
    fail,
    garbage,
    hang,
    late,
    poison,
    reorder,
    respond,
    slow,
)
from studio.errors import CallRefused
from studio.records import Delivery, FaultStrike, Life

ECHO = """
%%service Echo --replicas 2
@service.operation($.Echo.say, raises=[Declined], timeout="2s")
async def say(thing: Thing) -> Told:
    log.info("said " + thing.id)
    return Told(text=thing.id)
"""
HEARER = """
%%service Hearer
@service.on($.Thing.made, ack_wait="5s", max_deliver=3)
async def hear(thing: Thing) -> None:
    log.info("heard " + thing.id)
"""
CARDS = """
%%external cards
@external.post("/charges")
async def charge(request):
    return Response(201, json={"text": "charged"})
"""
PAYER = """
%%service Payer
import httpx
cards = service.client("cards", base_url="https://cards.example", timeout="1s")
@service.operation($.Payer.pay, timeout="5s")
async def pay(thing: Thing) -> Told:
    try:
        answer = await cards.post("/charges", json={"id": thing.id})
        return Told(text=f"{answer.status_code} {answer.json()['text']}")
    except (httpx.HTTPError, ValueError) as error:
        return Told(text=type(error).__name__)
"""
SAY, PAY, MADE = S.Echo.say, S.Payer.pay, S.Thing.made


def details(played: Any) -> list[str]:
    return [strike.detail for strike in played.records(FaultStrike)]


def test_a_declared_error_is_raised_as_the_handler_would(play: Any) -> None:
    played = play(ECHO, faults=[fail(SAY, error="Declined", occurrence=1)])
    with pytest.raises(played.names["Declined"]):
        played.world.call(SAY, played.thing())
    assert played.world.call(SAY, played.thing()).text == "a"
    assert details(played) == ["Echo Declined at Echo.say"]


def test_a_declared_error_gets_fields_that_it_must_have(play: Any) -> None:
    broke = "%%contracts errors\nclass Broke(ServiceError):\n    limit: int\n"
    played = play(broke, ECHO.replace("[Declined]", "[Broke]"), faults=[fail(SAY, error="Broke")])
    with pytest.raises(ServiceError) as told:
        played.world.call(SAY, played.thing())
    assert isinstance(told.value.fields["limit"], int)


def test_a_compensation_that_keeps_failing_leaves_its_saga_stuck(play: Any) -> None:
    saga = """
    %%saga Buying --on $.Thing.made
    @saga.step
    async def keep(thing: Thing) -> Told:
        return Told(text=thing.id)
    @keep.compensation
    async def unkeep(thing: Thing, done: Told | None) -> None: ...
    @saga.step
    async def pay(thing: Thing) -> None: ...
    @pay.compensation
    async def unpay(thing: Thing, done: None) -> None: ...
    """
    played = play(ECHO, saga, faults=[fail("Buying.pay"), fail("Buying.keep", during="compensation")])
    played.world.publish(MADE, played.thing())
    played.world.advance("2h")
    assert played.world.sagas()["state"].to_list() == ["stuck"]


def test_a_failure_without_a_name_is_a_bug_of_the_handler(play: Any) -> None:
    played = play(ECHO, faults=[fail("Echo/2")])
    fates = []
    for _ in range(4):
        try:
            fates.append(played.world.call(SAY, played.thing()).text)
        except UndeclaredError as error:
            fates.append(error.attributes["reason"][:6])
    assert sorted(fates) == ["STU560", "STU560", "a", "a"]


def test_a_handler_that_hangs_never_answers(play: Any) -> None:
    played = play(ECHO, faults=[hang(SAY)])
    with pytest.raises(CallTimeout):
        played.world.call(SAY, played.thing())
    assert played.lines() == []
    assert played.world.call(SAY, played.thing("b")).text == "b"


def test_a_slow_service_takes_longer(play: Any) -> None:
    played = play(ECHO, faults=[slow("Echo", "700ms")])
    played.world.call(SAY, played.thing())
    assert played.world.now == "702 ms"


def test_a_call_that_is_garbage_is_refused_before_the_handler(play: Any) -> None:
    played = play(ECHO, faults=[garbage(SAY)])
    with pytest.raises(CallRefused):
        played.world.call(SAY, played.thing())
    assert played.lines() == []


@pytest.mark.parametrize("shape", ["bytes", "json"])
def test_a_reply_that_is_garbage_leaves_the_outcome_unknown(play: Any, shape: str) -> None:
    played = play(ECHO, faults=[garbage(SAY, leg="reply", shape=shape)])
    with pytest.raises(UndeclaredError):
        played.world.call(SAY, played.thing())
    assert played.lines() == ["said a"]


def test_an_event_that_is_garbage_is_so_at_every_delivery(play: Any) -> None:
    played = play(HEARER, faults=[garbage(MADE, occurrence=1)])
    played.world.publish(MADE, played.thing())
    played.world.publish(MADE, played.thing("b"))
    played.world.advance("1m")
    assert played.lines() == ["heard b"]
    assert details(played) == ["request garbage"] * 3
    assert played.outcomes("Hearer").count("dead-lettered") == 1


def test_a_poison_message_fails_at_every_delivery_and_others_do_not(play: Any) -> None:
    played = play(HEARER, faults=[poison(MADE, key="b")])
    for name in "abc":
        played.world.publish(MADE, played.thing(name))
    played.world.advance("1m")
    assert played.lines() == ["heard a", "heard c"]
    assert details(played) == ["Hearer poisoned Thing.made"] * 3


def test_a_message_that_kills_does_so_at_every_delivery(play: Any) -> None:
    played = play(HEARER, faults=[poison(MADE, kills=True)])
    played.world.publish(MADE, played.thing())
    played.world.advance("1m")
    assert [life.change for life in played.records(Life)].count("crashed") == 3
    assert played.outcomes("Hearer").count("dead-lettered") == 1


def test_events_overtake_each_other(play: Any) -> None:
    played = play(HEARER, faults=[reorder(MADE, within="2s")])
    for name in "abcdef":
        played.world.publish(MADE, played.thing(name))
    played.world.advance("10s")
    heard = played.lines()
    assert sorted(heard) == [f"heard {name}" for name in "abcdef"] != heard


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (respond("cards", 503), "JSONDecodeError"),
        (garbage("cards"), "UnicodeDecodeError"),
        (garbage("cards", shape="json"), "STU"),
        (hang("cards"), "ReadTimeout"),
        (slow("cards", "2s"), "ReadTimeout"),
        (slow("cards", "500ms"), "201 charged"),
        (late("cards"), "ReadTimeout"),
    ],
)
def test_a_third_party_misbehaves(play: Any, fault: Any, told: str) -> None:
    played = play(PAYER, CARDS, faults=[fault])
    try:
        assert played.world.call(PAY, played.thing()).text == told
    except UndeclaredError:
        assert told == "STU"
    assert len(details(played)) == 1


def test_a_gateway_may_give_up_on_what_has_run(play: Any) -> None:
    played = play(PAYER, CARDS, faults=[respond("cards", 504, ran=True)])
    played.world.call(PAY, played.thing())
    assert len(played.handled("cards POST /charges")) == 1
    assert [each.reason for each in played.records(Delivery) if each.outcome == "replied"][:1] == ["504"]
