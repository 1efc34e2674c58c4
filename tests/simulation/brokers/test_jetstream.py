"""Events: stored once, delivered at least once, each misbehaviour that the broker permits."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, crash_at, duplicate, lose
from studio.errors import PublishFailed

MADE = S.Thing.made
SECOND_NS = 1_000_000_000

LISTENER = """
%%service Listener
@service.on($.Thing.made{options})
async def hear(thing: Thing) -> None:
    log.info("heard " + thing.id)
"""
REFUSING = """
%%service Listener
count = [0]
@service.on($.Thing.made, max_deliver={most})
async def hear(thing: Thing) -> None:
    count[0] += 1
    if count[0] <= {refusals}:
        raise ValueError("not yet")
    log.info("heard")
"""
SLOW = """
%%service Listener{options}
@service.on($.Thing.made, ack_wait="5s"{more})
async def hear(thing: Thing) -> None:
    log.info("began " + thing.id)
    await asyncio.sleep(2)
    log.info("ended " + thing.id)
""".replace("@service", "import asyncio\n@service", 1)


def listener(options: str = "") -> str:
    return LISTENER.format(options=options)


def slow(options: str = "", more: str = "") -> str:
    return SLOW.format(options=options, more=more)


def test_event_is_delivered_once_to_each_subscribing_service(play: Any) -> None:
    played = play(listener(), listener().replace("Listener", "Other"))
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a", "heard a"]
    assert played.outcomes("Other") == ["delivered", "acknowledged"]


def test_one_of_several_replicas_gets_each_event(play: Any) -> None:
    played = play(listener().replace("Listener", "Listener --replicas 3", 1))
    for number in range(6):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle()
    assert sorted(played.lines()) == [f"heard {number}" for number in range(6)]
    assert {span.replica for span in played.handled("Thing.made")} == {1, 2, 3}


def test_refused_delivery_comes_again_with_backoff(play: Any) -> None:
    played = play(REFUSING.format(most=5, refusals=2))
    played.world.send(MADE, played.thing())
    played.world.settle()
    first, second, third = played.handled("Thing.made")
    assert second.start_ns - first.start_ns > SECOND_NS
    assert third.start_ns - second.start_ns > 2 * SECOND_NS
    assert played.lines() == ["heard"]


def test_event_that_is_always_refused_is_dead_lettered_with_its_cause(play: Any) -> None:
    played = play(REFUSING.format(most=3, refusals=99))
    played.world.send(MADE, played.thing())
    played.world.settle()
    rows = played.world.sql("select attempt, reason from deliveries where outcome = 'dead-lettered'")
    assert rows.rows() == [(3, "ValueError")]
    assert len(played.handled("Thing.made")) == 3


def test_lost_acknowledgement_has_the_event_handled_again_after_ack_wait(play: Any) -> None:
    played = play(listener(', ack_wait="5s"'), faults=[lose(MADE, leg="acknowledgement", occurrence=1)])
    played.world.send(MADE, played.thing())
    played.world.settle()
    first, second = played.handled("Thing.made")
    assert second.start_ns - first.start_ns == 5 * SECOND_NS
    assert played.lines() == ["heard a", "heard a"]


def test_unacknowledged_deliveries_are_buried_without_a_known_cause(play: Any) -> None:
    played = play(listener(', ack_wait="1s", max_deliver=2'), faults=[lose(MADE, leg="acknowledgement")])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a", "heard a"]
    assert played.world.sql("select reason from deliveries where outcome = 'dead-lettered'").rows() == [
        ("not acknowledged",)
    ]


def test_lost_delivery_comes_again(play: Any) -> None:
    played = play(listener(', ack_wait="3s"'), faults=[lose(MADE, occurrence=1)])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a"]
    assert played.outcomes("Listener") == ["lost", "redelivered", "delivered", "acknowledged"]


def test_duplicate_is_handled_twice_and_acknowledged_once(play: Any) -> None:
    played = play(listener(), faults=[duplicate(MADE, after="10ms")])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a", "heard a"]
    assert played.outcomes("Listener").count("acknowledged") == 1


def test_refused_duplicates_of_one_delivery_are_redelivered_once(play: Any) -> None:
    played = play(REFUSING.format(most=5, refusals=2), faults=[duplicate(MADE, occurrence=1)])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.outcomes("Listener").count("redelivered") == 1
    assert played.lines() == ["heard"]


@pytest.mark.parametrize("how", ["idempotent", "transactional"])
def test_subscription_that_remembers_handles_a_duplicate_once(play: Any, how: str) -> None:
    faults = [duplicate(MADE, after="1s"), lose(MADE, leg="acknowledgement", occurrence=1)]
    played = play(listener(f", {how}=True"), faults=faults)
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a"]


def test_crash_before_the_acknowledgement_has_the_event_handled_again(play: Any) -> None:
    played = play(listener(', ack_wait="5s"'), faults=[crash_at("before-acknowledge", MADE, down_for="1s")])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a", "heard a"]
    assert played.outcomes("Listener") == ["delivered", "redelivered", "delivered", "acknowledged"]


def test_event_that_is_published_while_all_replicas_are_down_waits_for_the_restart(play: Any) -> None:
    played = play(listener())
    played.world.crash("Listener", down_for="10s")
    played.world.send(MADE, played.thing())
    played.world.settle()
    (span,) = played.handled("Thing.made")
    assert 10 * SECOND_NS <= span.start_ns < 10 * SECOND_NS + SECOND_NS // 10
    assert played.lines() == ["heard a"]


def test_acknowledgement_after_ack_wait_frees_the_place_in_flight_once(play: Any) -> None:
    played = play(slow(more=", in_flight=1").replace('"5s"', '"1s"').replace("Listener", "Listener --replicas 2", 1))
    for number in range(3):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle()
    ended = [line for line in played.lines() if line.startswith("ended")]
    assert {"ended 0", "ended 1", "ended 2"} <= set(ended)
    assert played.world._cluster.broker.undelivered() == {}  # noqa: SLF001 - what must be free again
    assert all(line.in_flight == 0 for line in played.world._cluster.broker.model.lines)  # noqa: SLF001


def test_in_flight_bounds_deliveries_under_way(play: Any) -> None:
    played = play(slow(more=", in_flight=2"))
    for number in range(4):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle()
    words = [line.split()[0] for line in played.lines()]
    under_way = [words[: at + 1].count("began") - words[: at + 1].count("ended") for at in range(len(words))]
    assert max(under_way) == 2
    assert words.count("ended") == 4


def test_order_is_kept_with_one_delivery_in_flight(play: Any) -> None:
    played = play(slow(more=", in_flight=1"))
    for number in range(3):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle()
    assert played.lines() == ["began 0", "ended 0", "began 1", "ended 1", "began 2", "ended 2"]


def test_publisher_of_an_event_that_is_not_stored_is_told(play: Any) -> None:
    played = play(listener(), faults=[lose(MADE, leg="publish")])
    with pytest.raises(PublishFailed):
        played.world.send(MADE, played.thing())
    assert played.world.now == "5 s"
    assert played.world.settle().log()["text"].to_list() == []


def test_publisher_without_confirmation_is_told_though_the_event_is_stored(play: Any) -> None:
    played = play(listener(), faults=[lose(MADE, leg="reply")])
    with pytest.raises(PublishFailed):
        played.world.send(MADE, played.thing())
    assert played.lines() == ["heard a"]


def test_event_published_again_under_its_id_within_the_window_is_stored_once(play: Any) -> None:
    relay = """
    %%service Relay
    @service.operation($.Relay.go, transactional=True, timeout="1m")
    async def go(thing: Thing) -> None:
        await publish($.Thing.made, thing)
    """
    played = play(listener(), relay, faults=[lose(MADE, leg="reply", occurrence=1)])
    played.world.send(S.Relay.go, played.thing())
    played.world.settle()
    assert played.outcomes("broker") == ["duplicate"]
    assert played.lines() == ["heard a"]


@pytest.mark.parametrize("point", ["before-publish", "after-effect"])
def test_outbox_survives_a_crash_between_commit_and_publish(play: Any, point: str) -> None:
    relay = """
    %%service Relay
    @service.operation($.Relay.go, transactional=True)
    async def go(thing: Thing) -> None:
        await publish($.Thing.made, thing)
    """
    target = MADE if point == "before-publish" else "Relay"
    played = play(listener(), relay, faults=[crash_at(point, target)])
    with pytest.raises(Exception, match="STU410"):
        played.world.send(S.Relay.go, played.thing())
    played.world.settle()
    assert played.lines() == ["heard a"]


def test_outbox_gets_through_a_bus_that_loses_half_of_what_is_published(play: Any) -> None:
    relay = """
    %%service Relay
    @service.operation($.Relay.go, transactional=True, timeout="10m")
    async def go(thing: Thing) -> None:
        await publish($.Thing.made, thing)
    """
    played = play(listener(), relay, faults=[lose(MADE, leg="publish", probability=0.5)])
    for number in range(8):
        played.world.send(S.Relay.go, played.thing(str(number)))
    played.world.settle("1h")
    assert sorted(played.lines()) == [f"heard {number}" for number in range(8)]


def test_redelivered_handler_draws_anew(play: Any) -> None:
    drawing = """
    %%service Listener
    import uuid
    @service.on($.Thing.made, ack_wait="1s")
    async def hear(thing: Thing) -> None:
        log.info(str(uuid.uuid4()))
    """
    played = play(drawing, faults=[lose(MADE, leg="acknowledgement", occurrence=1), duplicate(MADE, occurrence=1)])
    played.world.send(MADE, played.thing())
    played.world.settle()
    assert len(played.lines()) >= 2
    assert len(set(played.lines())) == len(played.lines())


def test_waits_that_concern_nobody_do_not_keep_a_world_from_rest(play: Any) -> None:
    played = play(listener(', ack_wait="1h"'))
    for number in range(3):
        played.world.send(MADE, played.thing(str(number)))
    played.world.settle()
    assert played.world.now_ns < SECOND_NS
