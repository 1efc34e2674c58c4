"""Studio's own promises: each is broken by the records that break it, held by others, and can be switched off."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import S, crash_at, lose
from studio import promises as listed
from studio.errors import UnknownPromise
from studio.graph.system import System
from studio.records import Delivery, FaultStrike, Life, Message, Record, SagaChange, SagaStep, Span
from studio.simulation.promises.promise import Evidence
from studio.simulation.promises.promised import PROMISES
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log, RunInfo

CELLS = (
    """
    %%service Till
    held = service.collection("held", Thing, key="id")
    @service.operation($.Till.hold, idempotent=True)
    async def hold(thing: Thing) -> None:
        await held.put(thing)
    @service.operation($.Till.free, idempotent=True)
    async def free(thing: Thing) -> None:
        {free}
    @service.operation($.Till.pay, idempotent=True, raises=[Declined])
    async def pay(thing: Thing) -> None:
        if thing.amount > 5:
            raise Declined("too much")
    @service.on($.Thing.seen)
    async def see(thing: Thing) -> None: ...
    """,
    """
    %%saga Buying --on $.Thing.made --completed $.Thing.seen
    @saga.step(effect="Till.held", timeout="3s")
    async def take(thing: Thing) -> None:
        await send($.Till.hold, thing)
    @take.compensation
    async def give_back(thing: Thing, done: None) -> None:
        await send($.Till.free, thing)
    @saga.step(timeout="3s")
    async def pay(thing: Thing) -> None:
        await send($.Till.pay, thing)
    """,
)
FREE = "await held.delete(thing.id)"


def system(system_from: Any, scenario: str, free: str = FREE) -> System:
    found: System = system_from(CELLS[0].replace("{free}", free), CELLS[1], f"%%scenario buying{scenario}")
    return found


def played(system_from: Any, scenario: str, free: str = FREE, **options: Any) -> Run:
    return simulate("buying", system=system(system_from, scenario, free), log=Log.memory(), **options)


def broken(run: Run) -> dict[str, str]:
    return {name: json.loads(row)["what"] for name, row in run.violations.select("invariant", "row").rows()}


BUY = " --duration 10s\nworkload($.Thing.made, [Thing(id='a'), Thing(id='b', amount=9)])"


def check(system_from: Any, name: str, *records: Record) -> list[str]:
    """What a promise says of records that somebody made up."""
    log = Log.memory()
    buffer = log.record(RunInfo("buying", 0, "", "", "", dt.datetime(2030, 1, 1, tzinfo=dt.UTC)))
    for record in records:
        buffer.write(record)
    buffer.finish("finished", end_ns=100)
    build = system(system_from, BUY).build()
    evidence = Evidence(log.run(buffer.run), build.graph, build.graph.scenarios["buying"], 100, 100)
    return [row["what"] for row in PROMISES[name].check(evidence).rows]


def message(number: int, kind: str, address: str, span: int, at_ns: int = 0) -> Message:
    return Message(at_ns, number, kind, address, "Till", 1, "a", 1, span, 0, 0, "", "{}")


def span(number: int, kind: str, name: str, start: int, end: int, of: int = 0, parent: int = 0) -> Span:  # noqa: PLR0917 - columns
    saga = "Buying/a" if kind in ("saga", "step") else ""
    return Span(start, end, number, parent, 1, kind, name, "Till", 1, "ok", "", of, saga, "", 0, "")


PUBLISHED = (message(1, "event", "Thing.seen", 7), span(7, "publish", "Thing.seen", 0, 0, 1))


# -- every one is broken by what breaks it ----------------------------------------------------------------------------


def test_all_hold_on_a_saga_that_completes_and_one_that_is_compensated(system_from: Any) -> None:
    run = played(system_from, BUY)
    assert run.sagas["state"].to_list() == ["completed", "compensated"]
    assert not broken(run)
    assert {"no_message_lost", "sagas_end", "compensated_leaves_nothing", "run_converges"} <= set(run.promised)
    assert "promises of Studio's own held" in str(run.summary())


def test_event_that_nobody_settled_is_lost(system_from: Any) -> None:
    assert check(system_from, "no_message_lost", *PUBLISHED) == [
        "Thing.seen (a) was accepted, and Till never settled it"
    ]
    settled = Delivery(5, 1, "Till", 1, 1, "dead-lettered", "")
    forgotten = Delivery(5, 1, "Till", 1, 1, "lost", "forgotten by the broker")
    for fine in (settled, forgotten):
        assert not check(system_from, "no_message_lost", *PUBLISHED, fine)
    assert not check(system_from, "no_message_lost", PUBLISHED[0])  # its publisher knows that it failed


def test_saga_that_does_not_end_is_named(system_from: Any) -> None:
    begun = SagaChange(3, "Buying/a", "Buying", "1.0.0", "running", 1, 1, "")
    assert check(system_from, "sagas_end", begun) == ["Buying/a is still running"]
    assert not check(system_from, "sagas_end", begun, begun._replace(state="stuck"))


def test_completed_step_that_runs_again_after_a_take_over_is_found(system_from: Any) -> None:
    done = SagaStep(5, "Buying/a", "take", "done", 1, "", "")
    taken = SagaChange(8, "Buying/a", "Buying", "1.0.0", "running", 2, 1, "")
    resumed = span(2, "saga", "Buying", 8, 20)
    again = span(3, "step", "Buying.take", 9, 10, parent=2)
    name = "completed_steps_run_once"
    assert len(check(system_from, name, done, taken, again, resumed)) == 1
    woken = span(2, "saga", "Buying", 1, 20)  # a zombie: it has carried the instance since before
    assert not check(system_from, name, done, taken, again, woken)
    assert not check(system_from, name, taken, span(3, "step", "Buying.take", 9, 10, parent=2), resumed, done)


def test_work_after_its_callers_deadline_is_found(system_from: Any) -> None:
    call = message(4, "call", "Till.hold", 1)
    late = Delivery(50, 4, "Till", 1, 1, "timed-out", "")
    name = "deadlines_respected"
    begun = span(2, "handle", "Till.hold", 60, 70, 4)
    assert check(system_from, name, call, late, begun) == ["Till began Till.hold when its caller had given up at 50 ns"]
    assert not check(system_from, name, call, late, begun._replace(status="error", error="STU411"))
    in_time = span(2, "handle", "Till.hold", 40, 90, 4)
    waiting = span(3, "call", "Till.pay", 45, 80, 5, parent=2)
    assert len(check(system_from, name, call, late, in_time, waiting)) == 1
    assert not check(system_from, name, call, late, in_time, waiting._replace(end_ns=50))
    skew = FaultStrike(0, 1, "clock-offset", "Till", 0, "")
    assert not check(system_from, name, call, late, begun, skew)


def test_caller_that_stands_still_need_not_give_up_meanwhile(system_from: Any) -> None:
    call, late = message(4, "call", "Till.hold", 1), Delivery(50, 4, "Till", 1, 1, "timed-out", "")
    waiting = (call, late, span(2, "handle", "Till.hold", 40, 90, 4), span(3, "call", "Till.pay", 45, 80, 5, parent=2))
    paused = Life(48, "Till", 1, 1, "paused", "")
    name = "deadlines_respected"
    assert not check(system_from, name, *waiting, paused)
    for elsewhere in (paused._replace(replica=2), paused._replace(service="Other"), paused._replace(at_ns=90)):
        assert len(check(system_from, name, *waiting, elsewhere)) == 1


def test_what_a_compensation_leaves_is_found(system_from: Any) -> None:
    found = broken(played(system_from, BUY, free="pass"))
    assert found == {
        "compensated_leaves_nothing": "Till.held of take is still there, though the saga was compensated (b)"
    }


def test_event_that_waits_longer_than_the_scenario_bounds_is_found(system_from: Any) -> None:
    outage = BUY.replace("10s", "10s --queue-age 3s") + "\ncrash('Buying', at='0s', down_for='5s')"
    found = broken(played(system_from, outage))
    assert found["queue_age_bounded"].startswith("Thing.made (a) waited 5")
    assert not broken(played(system_from, outage.replace("3s", "30s")))


@pytest.mark.parametrize(("bus", "told"), [("kafka", "session.timeout.ms"), ("rabbitmq", "consumer_timeout")])
def test_wait_that_a_delivery_model_takes_is_told_with_the_verdict(system_from: Any, bus: str, told: str) -> None:
    stuck = BUY.replace("10s", f"10s --bus {bus} --converge 20s") + "\nhang($.Thing.made, occurrence=1)"
    rows = played(system_from, stuck).violations.filter(pl.col("invariant") == "run_converges")["row"]
    assert told in json.loads(rows[0])["note"]
    patient = played(system_from, stuck.replace("20s", "1h"))
    assert "run_converges" not in broken(patient)


def test_run_that_never_rests_is_a_coded_finding_that_says_what_was_busy(system_from: Any) -> None:
    stuck = " --duration 5s --converge 2s\nworkload($.Thing.made, [Thing(id='a')])\nlose($.Till.hold)\n"
    found = broken(played(system_from, stuck))
    assert "STU532" in found["run_converges"]
    assert "converge=2s" in found["run_converges"]
    assert "Buying" in found["run_converges"]
    assert "sagas_end" in found


def test_rate_that_does_not_come_back_is_found(system_from: Any) -> None:
    line = " --duration 80s --quiet 20s --heal 40s\nworkload($.Till.pay, rate_per_s=5, arrivals='fixed', id='x'"
    whole = played(system_from, line + ", amount=1)\nlose($.Till.pay)")
    assert "goodput_recovers" in whole.promised
    assert not broken(whole)
    worse = line + ", amount=1, until='21s')\nworkload($.Till.pay, rate_per_s=5, amount=9, at='21s')"
    assert "succeeded" in broken(played(system_from, worse))["goodput_recovers"]


# -- switching off ----------------------------------------------------------------------------------------------------


def test_scenario_can_do_without(system_from: Any) -> None:
    without = BUY.replace("10s", "10s --without compensated_leaves_nothing,sagas_end")
    run = played(system_from, without, free="pass")
    assert not broken(run)
    assert not {"compensated_leaves_nothing", "sagas_end"} & set(run.promised)


def test_unknown_promise_is_refused_with_the_nearest(system_from: Any) -> None:
    with pytest.raises(UnknownPromise, match="sagas_end") as refused:
        played(system_from, BUY.replace("10s", "10s --without saga_ends"))
    assert refused.value.code == "STU533"


def test_every_promise_is_listed_with_its_condition() -> None:
    assert listed()["promise"].to_list() == list(PROMISES)
    assert all(len(condition) > 20 for condition in listed()["when"])


# -- laws -------------------------------------------------------------------------------------------------------------

FAULTS = st.one_of(
    st.builds(
        lambda target, leg, nth: lose(target, leg=leg, occurrence=nth),
        st.sampled_from([S.Till.hold, S.Till.pay, S.Till.free]),
        st.sampled_from(["request", "reply"]),
        st.integers(1, 4),
    ),
    st.builds(
        lambda point, nth: crash_at(point, "Buying", occurrence=nth),
        st.sampled_from(["before-handler", "before-journal", "after-effect", "before-publish"]),
        st.integers(1, 4),
    ),
)


@given(st.lists(FAULTS, max_size=4), st.integers(0, 50))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_loss_and_no_crash_makes_a_completed_step_run_again(system_from: Any, plan: list[Any], seed: int) -> None:
    run = played(system_from, BUY, faults=plan, seed=seed)
    assert {"completed_steps_run_once", "deadlines_respected"} <= set(run.promised)
    assert not broken(run)
