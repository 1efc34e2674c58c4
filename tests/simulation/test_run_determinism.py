"""A run is a value: the same sources, scenario and seed give the same records, here and in any other process."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache, partial
from pathlib import Path
from textwrap import dedent
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import (
    Exponential,
    broker_loses,
    call_back,
    clock_drift,
    clock_jump,
    clock_offset,
    clog,
    crash,
    crash_at,
    deploy,
    down,
    duplicate,
    exhaust,
    fail,
    garbage,
    hang,
    hot_key,
    late,
    latency,
    lose,
    lose_unsynced,
    mismatch,
    partition,
    pause,
    poison,
    refuse,
    reorder,
    respond,
    slow,
    stale_read,
    storage_conflict,
    storage_error,
    storage_stall,
    swarm,
    throttle,
    timeout,
    together,
)
from studio.graph.system import System
from studio.model.fault import Fault
from studio.model.faults.process_faults import POINTS
from studio.records import FaultStrike, canonical
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text
from studio.store import Log

ROOT = Path(__file__).resolve().parents[2]

CELLS = (
    """
    %%contracts shop
    import uuid
    import datetime
    class Order(Contract):
        id: str
        total: Decimal
        tag: str = Field(default_factory=lambda: str(uuid.uuid4()))
    class Charge(Contract):
        order_id: str
    class Told(Contract):
        text: str
    class Declined(ServiceError):
        status = 402
    event($.Order.created, Order, key="id")
    event($.Order.completed, Order, key="id")
    event($.Order.failed, Order, key="id")
    event($.Stock.low, Told)
    """,
    """
    %%external cards
    ledger = external.ledger(Charge)
    @external.post("/charges")
    async def create(request):
        ledger.append(Charge(**request.json()))
        external.callback("/cards", json=Told(text="charged"), after="40ms")
        return Response(201, json=Told(text="charged"))
    """,
    """
    %%service Stock --replicas 2
    import asyncio, random, time, uuid
    import anyio
    kept = service.collection("kept", Order, key="id")
    tokens = service.counter("tokens_total", labels=["kind"])
    seen = set()
    @service.operation($.Stock.reserve, idempotent=True, retry=Retry(attempts=3), timeout="2s")
    async def reserve(order: Order) -> Told:
        seen.add(order.id)
        found = []
        async def look(name: str) -> None:
            await anyio.sleep(random.random() / 100)
            found.append(name)
        async with anyio.create_task_group() as group:
            for name in seen | {"x", "y", "z"}:
                group.start_soon(look, name)
        async with asyncio.TaskGroup() as tasks:
            for name in {"p", "q", "r"}:
                tasks.create_task(look(name))
        await asyncio.gather(*[asyncio.sleep(random.uniform(0, 0.01)) for _ in range(3)])
        await kept.put(order)
        tokens.inc(kind="reserved")
        log.info("reserved", order=order.id, token=str(uuid.uuid4()), at=time.time(), found=sorted(found))
        if random.random() < 0.2:
            await publish($.Stock.low, Told(text=order.id))
        return Told(text=str(uuid.uuid4()))
    @service.operation($.Stock.release)
    async def release(order: Order) -> None:
        await kept.delete(order.id)
    @service.job("*/3 * * * * *")
    async def count() -> None:
        log.info("kept", count=len(await kept.query()))
    @service.health(interval="4s")
    async def check() -> Health:
        return Health(ok=True)
    """,
    """
    %%service Payment
    cards = service.client("cards", base_url="https://cards.example", timeout="1s")
    @service.post("/cards")
    async def settled(told: Told) -> None:
        log.info("settled", how=told.text)
    @service.operation($.Payment.pay, raises=[Declined], timeout="3s")
    async def pay(order: Order) -> Told:
        if order.total > 900:
            raise Declined("too much")
        answer = await cards.post("/charges", json={"order_id": order.id})
        return Told(**answer.json())
    """,
    """
    %%service Mail
    import random
    @service.on($.Order.completed, $.Order.failed, ack_wait="2s")
    async def tell(order: Order) -> None:
        if random.random() < 0.3:
            raise ValueError("mailbox full")
        log.info("told " + order.id, tag=order.tag)
    @service.on("$.Stock.*", transactional=True)
    async def warn(told: Told) -> None:
        log.info("low " + told.text)
    """,
    """
    %%compose
    Both = parallel(stock=Stock.reserve, payment=Payment.pay, on_error="collect")
    """,
    """
    %%service Checker
    @service.on($.Order.created, max_deliver=2)
    async def check(order: Order) -> None:
        found = await Both(order)
        log.info("checked", stock=type(found.stock).__name__, payment=type(found.payment).__name__)
    """,
    """
    %%saga Ordering --on $.Order.created --completed $.Order.completed --failed $.Order.failed
    @saga.step(retry=Retry(attempts=3), timeout="4s")
    async def reserve(order: Order) -> Told:
        return await Stock.reserve(order)
    @reserve.compensation
    async def release(order: Order, done: Told | None) -> None:
        await Stock.release(order)
    @saga.step(kind="pivot", retry=Retry(attempts=3), timeout="4s")
    async def pay(order: Order) -> Told:
        return await Payment.pay(order)
    """,
    """
    %%invariant charged_once
    select order_id, count(*) as charges from external group by order_id having count(*) > 1
    """,
    """
    %%scenario busy --duration 6s
    workload($.Order.created, rate_per_s=3)
    network(Exponential("3ms"))
    service_time($.Payment.pay, Exponential("40ms"))
    crash("Stock", at="2s", down_for="500ms")
    lose($.Stock.reserve, leg="reply", probability=0.2)
    """,
)


@lru_cache(maxsize=1)
def system() -> System:
    made = System()
    sources = [cell_from_text(dedent(text).strip()) for text in CELLS]
    made.define_all(source for source in sources if source is not None)
    return made


def run_of(seed: int, faults: list[Fault] | None = None, duration: str = "6s") -> Run:
    return simulate("busy", seed=seed, system=system(), faults=faults, duration=duration, log=Log.memory())


def elsewhere(seed: int, hash_seed: str) -> str:
    code = f"import runpy; print(runpy.run_path({__file__!r})['run_of']({seed}).sha256)"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def lines(run: Run) -> list[bytes]:
    return [canonical([record]) for record in run.log.records()]


def test_same_seed_gives_the_same_bytes_again_and_in_another_process() -> None:
    first, again = run_of(7), run_of(7)
    assert len(first.sagas) > 5
    assert b"\n".join(lines(first)) == b"\n".join(lines(again))
    assert first.sha256 == again.sha256 == elsewhere(7, "4711")


def test_another_seed_gives_another_run() -> None:
    assert run_of(7).sha256 != run_of(8).sha256


def test_what_the_process_has_set_does_not_show() -> None:
    import decimal
    import random

    before = run_of(3).sha256
    random.seed(99)
    with decimal.localcontext() as context:
        context.prec = 3
        assert run_of(3).sha256 == before


ADDRESSES = ["Stock.reserve", "Payment.pay", "Order.created", "Order.completed", "cards"]
WHEN: Any = st.fixed_dictionaries(
    {},
    optional={"at": st.sampled_from(["1s", "2s"]), "until": st.sampled_from(["3s", "10s"])},
) | st.fixed_dictionaries({"occurrence": st.integers(1, 4)})
CHANCE: Any = st.fixed_dictionaries({"probability": st.sampled_from([0.1, 0.5, 1.0])})
FAULTS: Any = st.one_of(
    st.builds(
        lambda target, leg, when: lose(target, leg=leg, **when),
        st.sampled_from(ADDRESSES),
        st.sampled_from(["request", "reply", "publish", "acknowledgement"]),
        WHEN | CHANCE,
    ),
    st.builds(lambda target, when: duplicate(target, after="5ms", **when), st.just("Order.created"), WHEN | CHANCE),
    st.builds(lambda target, when: latency(target, Exponential("200ms"), leg="both", **when),
              st.sampled_from(ADDRESSES), WHEN | CHANCE),
    st.builds(lambda target, ran, when: timeout(target, ran=ran, **when),
              st.sampled_from(ADDRESSES), st.booleans(), WHEN | CHANCE),
    st.builds(lambda target, when: down(target, **when), st.sampled_from(["Stock", "cards", "Mail"]), WHEN | CHANCE),
    st.builds(lambda target, at: crash(target, at=at, down_for="700ms"),
              st.sampled_from(["Stock", "Ordering", "Payment", "Mail"]), st.sampled_from(["0s", "1500ms", "3s"])),
    st.builds(lambda point, target, n: crash_at(point, target, occurrence=n, down_for="300ms"),
              st.sampled_from(POINTS), st.sampled_from(["Stock", "Ordering", "Ordering.reserve", "Stock.kept", "Mail"]),
              st.integers(1, 3)),
)  # fmt: skip
OWNERS = st.sampled_from(["Stock", "Ordering", "Payment", "Mail"])
KEPT = st.sampled_from(["*", "Stock", "Stock.kept", "Ordering", "Mail"])
AT = st.sampled_from(["0s", "700ms", "1500ms"])
MACHINES: Any = st.one_of(
    st.builds(lambda target, committed, when: storage_error(target, committed=committed, **when),
              KEPT, st.booleans(), st.fixed_dictionaries({"occurrence": st.integers(1, 6)}) | CHANCE),
    st.builds(lambda target, when: storage_error(target, operation="read", **when),
              KEPT, st.fixed_dictionaries({"occurrence": st.integers(1, 6)})),
    st.builds(lambda target, when: storage_stall(target, Exponential("90ms"), **when), KEPT, WHEN | CHANCE),
    st.builds(lambda target, when: storage_conflict(target, **when), st.sampled_from(["*", "Stock"]), WHEN | CHANCE),
    st.builds(lambda target, when: stale_read(target, **when), st.sampled_from(["*", "Stock.kept"]), WHEN | CHANCE),
    st.builds(lambda target, at: lose_unsynced(target, at=at, last="300ms", down_for="400ms"), OWNERS, AT),
    st.builds(lambda target, back, at: clock_offset(target, "3s", back=back, at=at, until="2s"),
              OWNERS, st.booleans(), AT),
    st.builds(lambda target, back, at: clock_jump(target, "30s", back=back, at=at),
              st.sampled_from(["Stock/2", "Payment"]), st.booleans(), AT),
    st.builds(lambda target, ppm: clock_drift(target, ppm=ppm), OWNERS, st.sampled_from([-300_000, 100, 400_000])),
    st.builds(lambda n: exhaust("cards", connections=n, wait="20ms"), st.integers(0, 2)),
    st.builds(lambda rate, when: throttle("cards", rate_per_s=rate, **when), st.sampled_from([0, 2]), WHEN | CHANCE),
    st.builds(lambda when: call_back("cards", **when), WHEN | CHANCE),
    st.builds(lambda target, leg, when: mismatch(target, drop=["id"], leg=leg, **when) if leg == "request" else
              mismatch("Stock.reserve", drop=["text"], leg=leg, **when),
              st.sampled_from(["Stock.reserve", "Order.*", "Order.created"]), st.sampled_from(["request", "reply"]),
              WHEN | CHANCE),
    st.builds(lambda share: hot_key("Order.created", probability=share), st.sampled_from([0.2, 1.0])),
    st.builds(lambda target, at, drain: deploy(target, at=at, drain=drain, start="100ms"), OWNERS, AT,
              st.sampled_from(["0s", "300ms"])),
    st.builds(lambda at: broker_loses(at=at, last="700ms"), AT),
)  # fmt: skip
MISHAPS: Any = st.one_of(
    st.builds(lambda make, when: make(**when), st.sampled_from([
        partial(refuse, "Stock.reserve"), partial(late, "Payment.pay"), partial(reorder, "$.Order.>", within="300ms"),
        partial(poison, "$.Order.created"), partial(poison, "$.Order.completed", kills=True, down_for="100ms"),
        partial(fail, "Payment.pay", error="Declined"), partial(fail, "Ordering.reserve", during="compensation"),
        partial(hang, "Stock.reserve"), partial(hang, "cards"), partial(slow, "Stock/2", Exponential("300ms")),
        partial(respond, "cards"), partial(garbage, "Order.completed"), partial(garbage, "cards"),
        partial(garbage, "Stock.reserve", leg="reply"), partial(lose, "Stock.reserve", source="Ordering"),
    ]), WHEN | CHANCE),
    st.builds(lambda make, when: make(**when), st.sampled_from([
        partial(partition, "Stock", "Ordering"), partial(partition, "Payment"), partial(partition, "bus", "Mail"),
        partial(partition, "Stock/2", mode="hold"), partial(clog, "Stock", per_s=4),
        partial(together, refuse("cards"), crash("Mail")),
    ]), st.sampled_from([{}, {"at": "500ms", "until": "1500ms"}])),
    st.builds(lambda target, at, after: pause(target, at=at, lasts="900ms", replaced_after=after),
              st.sampled_from(["Ordering", "Stock/*", "Mail"]), st.sampled_from(["0s", "700ms"]),
              st.sampled_from([None, "200ms"])),
    st.builds(lambda at: crash("Stock/*", at=at, down_for="100ms", times=3, lives="50ms"), AT),
)  # fmt: skip
FEW = settings(max_examples=14, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@FEW
@given(seed=st.integers(0, 2**40), plan=st.lists(FAULTS | MACHINES | MISHAPS, min_size=1, max_size=4, unique=True))
def test_any_plan_gives_the_same_bytes_again(seed: int, plan: list[Fault]) -> None:
    assert run_of(seed, plan, "2s").sha256 == run_of(seed, plan, "2s").sha256


@FEW
@given(
    seed=st.integers(0, 2**40),
    plan=st.lists(FAULTS | MACHINES | MISHAPS, min_size=1, max_size=4, unique=True),
    data=st.data(),
)
def test_world_without_a_fault_is_the_same_until_the_fault_strikes(seed: int, plan: list[Fault], data: Any) -> None:
    out = data.draw(st.integers(0, len(plan) - 1))
    whole, less = run_of(seed, plan, "2s"), run_of(seed, plan[:out] + plan[out + 1 :], "2s")
    records = list(whole.log.records())
    strikes = [at for at, each in enumerate(records) if isinstance(each, FaultStrike) and each.fault == out + 1]
    first = strikes[0] if strikes else len(records)
    assert lines(whole)[:first] == lines(less)[:first]
    assert strikes or whole.sha256 == less.sha256


def test_a_swarm_draws_a_plan_for_each_seed_and_the_same_one_again() -> None:
    plans = {seed: run_of(seed, [swarm()], "1s").plan for seed in range(3)}
    assert len(set(plans.values())) == len(plans)
    assert run_of(1, [swarm()], "1s").plan == plans[1]
    assert run_of(1, list(plans[1]), "1s").sha256 == run_of(1, [swarm()], "1s").sha256
