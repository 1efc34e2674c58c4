"""Kafka: order within a partition, what blocks it, commits, rebalances, and a producer that tries again by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from studio import S, crash, crash_at, lose, pause
from studio.errors import PublishFailed

MADE = S.Thing.made
SECOND_NS = 1_000_000_000


@pytest.fixture
def kafka(play: Any) -> Any:
    return partial(play, bus="kafka")


def send(played: Any, *ids: str, limit: str = "1h") -> None:
    for each in ids:
        played.world.send(MADE, played.thing(each))
    played.world.settle(limit)


def test_event_is_handled_once_and_committed_within_five_seconds(kafka: Any, listener: Any) -> None:
    played = kafka(listener())
    send(played, "a")
    assert played.lines() == ["began a", "ended a"]
    rows = played.world.sql("select at_ns, outcome from deliveries order by seq").rows()
    assert [outcome for _, outcome in rows] == ["delivered", "acknowledged"]
    assert rows[1][0] - rows[0][0] >= 5 * SECOND_NS


def test_events_of_a_key_are_handled_in_order_by_one_replica(kafka: Any, listener: Any) -> None:
    played = kafka(listener("await asyncio.sleep(1)", line=" --replicas 3"))
    send(played, "a", "a", "a")
    assert played.lines() == ["began a", "ended a"] * 3
    assert len({span.replica for span in played.handled("Thing.made")}) == 1


def test_keys_are_shared_out_among_replicas(kafka: Any, listener: Any) -> None:
    played = kafka(listener(line=" --replicas 2"))
    send(played, *(str(number) for number in range(12)))
    assert {span.replica for span in played.handled("Thing.made")} == {1, 2}


def test_poison_blocks_its_partition_and_no_other(kafka: Any, listener: Any) -> None:
    played = kafka(listener("if thing.amount < 0: raise ValueError"))
    played.world.send(MADE, played.thing("a", -1))
    send(played, "a", *(str(number) for number in range(12)), limit="10m")
    assert "ended a" not in played.lines()
    assert any(f"ended {number}" in played.lines() for number in range(12))
    assert "dead-lettered" not in played.outcomes("Listener")
    assert played.world._cluster.broker.undelivered()["Listener.hear"] >= 2  # noqa: SLF001 - what is blocked


def test_stated_bound_lets_the_partition_go_on(kafka: Any, listener: Any) -> None:
    played = kafka(listener("if thing.amount < 0: raise ValueError", ", max_deliver=3"))
    played.world.send(MADE, played.thing("a", -1))
    send(played, "a")
    assert played.outcomes("Listener").count("dead-lettered") == 1
    assert "ended a" in played.lines()


def test_what_kills_its_process_is_never_given_up(kafka: Any, listener: Any) -> None:
    poison = [crash_at("before-acknowledge", MADE, occurrence=0)]
    played = kafka(listener(options=", max_deliver=2"), faults=poison)
    send(played, "a", limit="10m")
    assert played.outcomes("Listener").count("delivered") > 3  # its count died with it
    assert "dead-lettered" not in played.outcomes("Listener")


def test_what_was_not_committed_is_handled_again_after_the_session(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[crash("Listener", at="2s", down_for="1s")])
    send(played, "a", "a")
    assert played.lines() == ["began a", "ended a"] * 4
    third = sorted(span.start_ns for span in played.handled("Thing.made"))[2]
    assert 47 * SECOND_NS <= third < 51 * SECOND_NS


def test_what_was_committed_is_not_handled_again(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[crash("Listener", at="20s", down_for="1s")])
    send(played, "a", "a")
    assert played.lines() == ["began a", "ended a"] * 2


def test_partitions_of_a_dead_replica_move_to_another(kafka: Any, listener: Any) -> None:
    played = kafka(listener(line=" --replicas 2"), faults=[crash("Listener", at="0s", down_for="1h", replica=1)])
    send(played, *(str(number) for number in range(12)), limit="10m")
    assert sum(line.startswith("ended") for line in played.lines()) == 12
    assert {span.replica for span in played.handled("Thing.made")} == {2}


def test_a_replica_that_comes_back_stops_the_whole_group(kafka: Any, listener: Any) -> None:
    played = kafka(listener(line=" --replicas 2"), faults=[crash("Listener", at="0s", down_for="1s")])
    played.world.advance("5s")
    send(played, *(str(number) for number in range(12)), limit="10m")
    assert min(span.start_ns for span in played.handled("Thing.made")) >= 45 * SECOND_NS


def test_slow_handler_loses_its_partition(kafka: Any, listener: Any) -> None:
    played = kafka(listener("await asyncio.sleep(400)", line=" --replicas 2"))
    send(played, "a", limit="10m")
    rows = played.world.sql("select at_ns, replica from deliveries where outcome = 'delivered' order by seq").rows()
    assert 300 * SECOND_NS < rows[1][0] - rows[0][0] < 304 * SECOND_NS
    assert rows[0][1] != rows[1][1]


def test_lost_delivery_is_fetched_again(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[lose(MADE, occurrence=1)])
    send(played, "a")
    assert played.outcomes("Listener") == ["lost", "redelivered", "delivered", "acknowledged"]


def test_lost_commit_is_made_up_for_by_the_next(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[lose(MADE, leg="acknowledgement", occurrence=1)])
    send(played, "a")
    assert played.outcomes("Listener") == ["delivered", "lost", "acknowledged"]
    assert played.lines() == ["began a", "ended a"]


@pytest.mark.parametrize("leg", ["publish", "reply"])
def test_producer_tries_again_and_the_event_is_stored_once(kafka: Any, listener: Any, leg: str) -> None:
    played = kafka(listener(), faults=[lose(MADE, leg=leg, occurrence=1)])
    send(played, "a")
    assert played.lines() == ["began a", "ended a"]
    assert played.world.now_ns >= 30 * SECOND_NS


def test_producer_gives_up_after_two_minutes(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[lose(MADE, leg="publish")])
    with pytest.raises(PublishFailed):
        played.world.send(MADE, played.thing())
    assert played.world.now == "2m 0s"


def test_what_is_published_again_by_the_application_is_stored_twice(kafka: Any, listener: Any, relay: str) -> None:
    faults = [lose(MADE, leg="reply", until="119s")]
    played = kafka(listener(), relay, faults=faults)
    played.world.send(S.Relay.go, played.thing())
    played.world.settle()
    assert played.lines().count("ended a") >= 2


def test_forgotten_events_are_never_handled(kafka: Any, listener: Any) -> None:
    played = kafka(listener("await asyncio.sleep(5)", ", in_flight=1"))
    for each in "abc":
        played.world.send(MADE, played.thing(each))
    broker = played.world._cluster.broker  # noqa: SLF001 - what a fault does
    assert broker.forget_since(0) == 3
    played.world.settle()
    assert not {"began b", "began c"} & set(played.lines())
    assert broker.undelivered() == {}


def test_paused_replica_loses_its_partitions_and_handles_on_when_it_wakes(kafka: Any, listener: Any) -> None:
    faults = [pause("Listener", at="1s", lasts="2m")]
    played = kafka(listener("await asyncio.sleep(2)", line=" --replicas 2"), faults=faults)
    send(played, *(str(number) for number in range(12)), limit="10m")
    rows = played.world.sql("select message from deliveries where outcome = 'delivered' group by 1 having count(*) > 1")
    assert len(rows) > 0
    assert played.world._cluster.broker.undelivered() == {}  # noqa: SLF001 - all was handled


def test_paused_replica_that_is_alone_goes_on(kafka: Any, listener: Any) -> None:
    played = kafka(listener(), faults=[pause("Listener", at="0s", lasts="2m")])
    played.world.advance("1s")
    send(played, "a", limit="10m")
    assert "ended a" in played.lines()
    assert played.world.now_ns > 120 * SECOND_NS
