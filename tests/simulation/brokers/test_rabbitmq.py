"""RabbitMQ: a queue for each subscription, competing consumers, returns to the queue; no memory of what was sent."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from studio import S, crash_at, down, lose, pause

MADE = S.Thing.made
SECOND_NS = 1_000_000_000


@pytest.fixture
def rabbit(play: Any) -> Any:
    return partial(play, bus="rabbitmq")


def send(played: Any, *ids: str) -> None:
    for each in ids:
        played.world.send(MADE, played.thing(each))
    played.world.settle("3h")


def test_event_is_handled_once_by_each_service(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener(), listener().replace("Listener", "Other"))
    send(played, "a")
    assert sorted(played.lines()) == ["began a", "began a", "ended a", "ended a"]
    assert played.outcomes("Listener") == ["delivered", "acknowledged"]


def test_publish_that_is_tried_again_is_stored_twice(rabbit: Any, listener: Any, relay: str) -> None:
    played = rabbit(listener(), relay, faults=[lose(MADE, leg="reply", occurrence=1)])
    played.world.send(S.Relay.go, played.thing())
    played.world.settle()
    assert played.lines().count("ended a") == 2
    assert "duplicate" not in played.outcomes()


def test_refused_event_comes_again_at_once_until_the_delivery_limit(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("raise ValueError"))
    send(played, "a")
    assert played.outcomes("Listener").count("delivered") == 21  # 20 failures are allowed
    assert played.outcomes("Listener")[-1] == "dead-lettered"
    assert played.world.now_ns < SECOND_NS


def test_stated_bound_is_the_delivery_limit(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("raise ValueError", ", max_deliver=3"))
    send(played, "a")
    assert played.outcomes("Listener").count("delivered") == 3


def test_what_a_dead_process_had_is_delivered_again_at_once(rabbit: Any, listener: Any) -> None:
    faults = [crash_at("before-acknowledge", MADE, down_for="1m")]
    played = rabbit(listener(line=" --replicas 2"), faults=faults)
    send(played, "a")
    first, second = played.handled("Thing.made")
    assert first.replica != second.replica
    assert second.start_ns - first.start_ns < SECOND_NS


def test_all_that_a_dead_consumer_held_counts_as_failed(rabbit: Any, listener: Any) -> None:
    faults = [crash_at("before-acknowledge", MADE, occurrence=0, until="5s")]
    played = rabbit(listener("await asyncio.sleep(0.1 if thing.id == 'a' else 9)", ", max_deliver=2"), faults=faults)
    send(played, "a", "b")
    letters = played.world.sql("select reason from deliveries where outcome = 'dead-lettered'").rows()
    assert len(letters) == 2  # b with a: it was not even handled
    assert "ended b" not in played.lines()


def test_lost_delivery_is_returned_when_heartbeats_are_missed(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener(), faults=[lose(MADE, occurrence=1)])
    send(played, "a")
    assert played.outcomes("Listener") == ["lost", "redelivered", "delivered", "acknowledged"]
    assert 60 * SECOND_NS <= played.world.now_ns < 61 * SECOND_NS


def test_lost_acknowledgement_has_the_event_handled_again(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener(), faults=[lose(MADE, leg="acknowledgement", occurrence=1)])
    send(played, "a")
    assert played.lines().count("ended a") == 2


def test_service_that_is_down_gets_the_event_later(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener(), faults=[down("Listener", until="30s")])
    send(played, "a")
    assert played.lines() == ["began a", "ended a"]


def test_slow_consumer_loses_its_delivery_after_half_an_hour(rabbit: Any, listener: Any) -> None:
    slow = "await asyncio.sleep(2000 if Listener_first() else 1)"
    first = "\nseen = []\ndef Listener_first():\n    seen.append(1)\n    return len(seen) == 1\n"
    played = rabbit(listener(slow).replace("\nimport asyncio\n", "\nimport asyncio\n" + first))
    send(played, "a")
    again = played.handled("Thing.made")[0]
    assert again.start_ns - 1800 * SECOND_NS < 61 * SECOND_NS
    assert played.lines().count("began a") == 2


def test_timeouts_do_not_count_towards_the_delivery_limit(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("await asyncio.Event().wait()", ', ack_wait="1m", max_deliver=2'))
    played.world.send(MADE, played.thing())
    played.world.settle("10m")
    assert played.outcomes("Listener").count("delivered") > 3
    assert "dead-lettered" not in played.outcomes("Listener")


def test_competing_consumers_share_the_queue_in_turn(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("await asyncio.sleep(5)", ", in_flight=4", " --replicas 2"))
    send(played, *"abcdef")
    replicas = [span.replica for span in sorted(played.handled("Thing.made"), key=lambda span: span.start_ns)]
    assert replicas.count(1) == replicas.count(2) == 3


def test_one_in_flight_is_a_single_active_consumer(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("await asyncio.sleep(1)", ", in_flight=1", " --replicas 2"))
    send(played, *"abc")
    assert played.lines() == ["began a", "ended a", "began b", "ended b", "began c", "ended c"]
    assert {span.replica for span in played.handled("Thing.made")} == {1}


def test_forgotten_events_are_never_handled(rabbit: Any, listener: Any) -> None:
    played = rabbit(listener("await asyncio.sleep(5)", ", in_flight=1"))
    for each in "abc":
        played.world.send(MADE, played.thing(each))
    broker = played.world._cluster.broker  # noqa: SLF001 - what a fault does
    assert broker.forget_since(0) == 3
    played.world.settle()
    assert "began b" not in played.lines()
    assert broker.undelivered() == {}


def test_paused_consumer_loses_its_deliveries_when_heartbeats_are_missed(rabbit: Any, listener: Any) -> None:
    played = rabbit(
        listener("await asyncio.sleep(2)", line=" --replicas 2"), faults=[pause("Listener", at="1s", lasts="5m")]
    )
    send(played, "a", "b")
    rows = played.world.sql("select at_ns, replica from deliveries where outcome = 'delivered' order by seq").rows()
    assert [replica for _, replica in rows][2:] == [2]
    assert 60 * SECOND_NS < rows[2][0] < 62 * SECOND_NS
    assert len([line for line in played.lines() if line.startswith("ended")]) == 3  # the zombie's too
