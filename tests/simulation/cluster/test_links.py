"""Calls: at most one run for each attempt, and all that can become of the request, the work and the reply."""

from __future__ import annotations

from typing import Any

import pytest

from studio import CallTimeout, Exponential, S, Uniform, crash, crash_at, down, latency, lose, timeout
from studio.errors import CallRefused, ServiceUnavailable
from studio.model.distribution import distribution
from studio.model.scenario import Scenario, ServiceTime
from studio.simulation.world import World
from studio.store import Log

ECHO = S.Echo.say
SECOND_NS = 1_000_000_000
MS_NS = 1_000_000

ECHO_CELL = """
%%service Echo{line}
import asyncio
@service.operation($.Echo.say{options})
async def say(thing: Thing) -> Told:
    log.info("said " + thing.id)
    {body}
    return Told(text=thing.id)
"""
ASKER = """
%%service Asker
@service.operation($.Asker.ask, timeout="1m")
async def ask(thing: Thing) -> Told:
    try:
        answer = await Echo.say(thing)
    except Exception as error:
        log.info(type(error).__name__)
        raise
    log.info("got " + answer.text)
    return answer
"""


def echo(options: str = "", body: str = "pass", line: str = "") -> str:
    return ECHO_CELL.format(options=options, body=body, line=line)


def test_call_takes_a_leg_each_way(play: Any) -> None:
    played = play(echo())
    assert played.world.call(ECHO, played.thing()).text == "a"
    assert played.world.now_ns == 2 * MS_NS


@pytest.mark.parametrize(("leg", "took_ms"), [("request", 12), ("reply", 12), ("both", 22)])
def test_latency_lengthens_the_legs_it_names(play: Any, leg: str, took_ms: int) -> None:
    played = play(echo(), faults=[latency(ECHO, "10ms", leg=leg)])
    played.world.call(ECHO, played.thing())
    assert played.world.now_ns == took_ms * MS_NS


def test_latency_is_drawn_for_each_message_and_the_same_again(play: Any) -> None:
    def spread(seed: int) -> list[int]:
        played = play(echo(), seed=seed, faults=[latency(ECHO, Uniform("0s", "1s"), leg="both")])
        for number in range(5):
            played.world.call(ECHO, played.thing(str(number)))
        return [span.start_ns for span in played.handled("Echo.say")]

    assert spread(1) == spread(1) != spread(2)
    assert len(set(spread(1))) == 5


def test_lost_request_never_ran(play: Any) -> None:
    played = play(echo(), faults=[lose(ECHO)])
    with pytest.raises(CallTimeout, match="no answer within 5 s"):
        played.world.call(ECHO, played.thing())
    assert played.lines() == []
    assert played.outcomes() == ["lost", "timed-out"]


def test_lost_reply_ran(play: Any) -> None:
    played = play(echo(), faults=[lose(ECHO, leg="reply")])
    with pytest.raises(CallTimeout):
        played.world.call(ECHO, played.thing())
    assert played.lines() == ["said a"]


@pytest.mark.parametrize("ran", [True, False])
def test_timed_out_call_ran_or_not_as_the_fault_says(play: Any, ran: bool) -> None:  # noqa: FBT001 - a parameter
    played = play(echo(), faults=[timeout(ECHO, ran=ran)])
    with pytest.raises(CallTimeout):
        played.world.call(ECHO, played.thing())
    assert bool(played.lines()) is ran


def test_caller_waits_as_long_as_it_says(play: Any) -> None:
    played = play(echo(), faults=[lose(ECHO)])
    with pytest.raises(CallTimeout, match="within 200 ms"):
        played.world.call(ECHO, played.thing(), timeout="200ms")
    assert played.world.now == "200 ms"


def test_service_that_is_down_refuses_and_has_not_run(play: Any) -> None:
    played = play(echo(), faults=[down("Echo", until="1s")])
    with pytest.raises(ServiceUnavailable):
        played.world.call(ECHO, played.thing())
    played.world.advance("1s").call(ECHO, played.thing())
    assert played.lines() == ["said a"]


def test_crashed_service_refuses_until_it_is_back(play: Any) -> None:
    played = play(echo())
    played.world.crash("Echo", down_for="1s")
    with pytest.raises(ServiceUnavailable):
        played.world.call(ECHO, played.thing())
    assert played.world.advance("1s").call(ECHO, played.thing()).text == "a"


def test_running_replicas_share_the_calls(play: Any) -> None:
    played = play(echo(line=" --replicas 2"))
    played.world.crash("Echo", replica=1)
    for _ in range(3):
        played.world.call(ECHO, played.thing())
    assert {span.replica for span in played.handled("Echo.say")} == {2}


def test_crash_of_the_callee_is_a_timeout_to_the_caller(play: Any) -> None:
    played = play(ASKER, echo(body="await asyncio.sleep(1)"), faults=[])
    played.world.inject(crash_at("before-handler", "Echo"))
    with pytest.raises(Exception, match="STU431"):
        played.world.call(S.Asker.ask, played.thing())
    assert played.lines() == ["CallTimeout"]
    assert played.handled("Echo.say", "crashed")


def test_reply_to_a_caller_that_crashed_reaches_nobody(play: Any) -> None:
    played = play(ASKER, echo(body="await asyncio.sleep(2)"), faults=[crash("Asker", at="1s", down_for="100ms")])
    with pytest.raises(CallTimeout):
        played.world.call(S.Asker.ask, played.thing(), timeout="20s")
    assert played.lines() == ["said a"]
    lost = played.world.sql("select consumer, reason from deliveries where outcome = 'lost'")
    assert lost.rows() == [("Asker", "the caller is gone")]


def test_deadline_of_the_dead_keeps_nobody_waiting(play: Any) -> None:
    patient = ASKER.replace("Echo.say(thing)", 'call($.Echo.say, thing, timeout="1h")').replace("1m", "2h")
    played = play(patient, echo(body="await asyncio.sleep(2)"), faults=[crash("Asker", at="1s")])
    with pytest.raises(CallTimeout):
        played.world.call(S.Asker.ask, played.thing(), timeout="3s")
    played.world.settle("2h")
    assert played.world.now == "3 s"
    assert played.outcomes().count("timed-out") == 1


def test_reply_that_comes_late_is_dropped(play: Any) -> None:
    played = play(echo(body="await asyncio.sleep(2)"))
    with pytest.raises(CallTimeout):
        played.world.call(ECHO, played.thing(), timeout="1s")
    played.world.settle()
    assert played.outcomes() == ["delivered", "timed-out", "late"]


def test_deadline_travels_to_nested_calls(play: Any) -> None:
    played = play(ASKER, echo(body="await asyncio.sleep(60)"))
    with pytest.raises(CallTimeout):
        played.world.call(S.Asker.ask, played.thing(), timeout="2s")
    played.world.settle()
    rows = played.world.sql("select name, end_s from spans where kind = 'call' and status = 'timeout' order by name")
    assert rows.rows() == [("Asker.ask", 2.0), ("Echo.say", 2.0)]


def test_call_whose_deadline_has_passed_is_refused_by_the_callee(play: Any) -> None:
    played = play(echo(), faults=[latency(ECHO, "2s")])
    with pytest.raises(CallTimeout):
        played.world.call(ECHO, played.thing(), timeout="1s")
    played.world.settle()
    assert played.lines() == []


def test_idempotent_call_is_tried_again_and_gets_the_kept_answer(play: Any) -> None:
    options = ', idempotent=True, retry=Retry(attempts=3), timeout="1s"'
    played = play(echo(options), faults=[lose(ECHO, leg="reply", occurrence=1)])
    assert played.world.call(ECHO, played.thing()).text == "a"
    assert played.lines() == ["said a"]
    assert len(played.handled("Echo.say")) == 2


def test_call_that_is_not_idempotent_is_not_tried_again(play: Any) -> None:
    played = play(echo(", retry=Retry(attempts=3)"), faults=[lose(ECHO, occurrence=1)])
    with pytest.raises(CallTimeout):
        played.world.call(ECHO, played.thing())


def test_attempts_meet_fates_of_their_own(play: Any) -> None:
    options = ', idempotent=True, retry=Retry(attempts=20, first="1ms", most="1ms"), timeout="10ms"'
    played = play(echo(options), faults=[lose(ECHO, probability=0.5)])
    for number in range(10):
        assert played.world.call(ECHO, played.thing(str(number))).text == str(number)
    assert 0 < played.outcomes().count("lost") < 100


def test_full_queue_refuses(play: Any) -> None:
    slow = echo(body="await asyncio.sleep(1)", line=" --concurrency 1 --queue 1")
    fan = """
    %%service Fan
    import asyncio
    @service.operation($.Fan.out, timeout="1m")
    async def out(thing: Thing) -> Told:
        found = await asyncio.gather(*[Echo.say(thing) for _ in range(4)], return_exceptions=True)
        return Told(text=" ".join(sorted(type(each).__name__ for each in found)))
    """
    played = play(slow, fan)
    answer = played.world.call(S.Fan.out, played.thing())
    assert answer.text == "CallRefused CallRefused Told Told"
    assert played.world.now_ns // SECOND_NS == 2


def test_overloaded_service_is_named_in_the_refusal(play: Any) -> None:
    played = play(echo(line=" --concurrency 1 --queue 0", body="await Echo.say(thing)"))
    with pytest.raises(Exception, match="STU431"):
        played.world.call(ECHO, played.thing())
    assert "STU414" in played.world.sql("select error from spans")["error"].to_list()
    assert CallRefused.code in played.world.sql("select error from spans")["error"].to_list()


@pytest.mark.parametrize("target", ["Echo.say", "Echo"])
def test_service_time_is_how_long_a_handler_works(system_from: Any, target: str) -> None:
    times = [ServiceTime(target, distribution("40ms"))]
    with World(system_from(echo()).build(), Scenario("slow", service_times=times), 0, (), Log.memory()) as world:
        world.call(ECHO, {"id": "a"})
        assert world.now_ns == 42 * MS_NS


def test_service_times_are_drawn_for_each_message(system_from: Any) -> None:
    times = [ServiceTime("Echo", Exponential("40ms"))]
    with World(system_from(echo()).build(), Scenario("slow", service_times=times), 0, (), Log.memory()) as world:
        for number in range(4):
            world.call(ECHO, {"id": str(number)})
        took = world.sql("select duration_s from spans where kind = 'handle'")["duration_s"].to_list()
    assert len(set(took)) == 4


def test_network_latency_is_the_scenarios(system_from: Any) -> None:
    scenario = Scenario("far", network=distribution("30ms"))
    with World(system_from(echo()).build(), scenario, 0, (), Log.memory()) as world:
        world.call(ECHO, {"id": "a"})
        assert world.now_ns == 60 * MS_NS
