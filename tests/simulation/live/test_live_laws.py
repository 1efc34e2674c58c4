"""The law of played worlds: whatever was done, whenever it was, the case and the cell repeat the run byte for byte."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import S, crash, lose, partition
from studio.contract import ServiceError
from studio.errors import StudioError
from studio.model.distribution import Zipf
from studio.simulation.case import Case
from studio.simulation.world import World
from tests.simulation.live.conftest import Shop

TAKE, REST, MADE, SEEN = S.Shop.take, S.Shop.rest, S.Thing.made, S.Thing.seen
LIVE = ("send", "call", "publish", "workload", "end", "lose", "crash fault", "partition", "lift", "crash", "given",
        "cancel", "resume saga", "abandon", "redeliver", "crowd", "http", "check")  # fmt: skip
HANDS = ("advance", "settle", "step", "pause", "live", "stop", "pace")


def do(shop: Shop, world: World, verb: str, n: int) -> None:  # noqa: C901, PLR0912 - one line for each act
    """Do one act; what it raises may be anything that an author sees."""
    match verb:
        case "send":
            world.send((MADE, SEEN)[n % 2], shop.thing(str(n), n))
        case "call":
            world.call(TAKE, shop.thing(("tea", "oil")[n % 2]), principal=("", "ada")[n % 2])
        case "publish":
            world.publish(MADE, shop.thing("a"), key=(None, str(n))[n % 2])
        case "workload":
            world.workload(MADE, rate_per_s=n + 1, count=10, arrivals=("poisson", "fixed", "bursty")[n % 3],
                           skew={"amount": Zipf(1.1, 3)} if n % 2 else None)  # fmt: skip
        case "end" if world.workloads:
            world.end_workload(world.workloads[n % len(world.workloads)].number)
        case "lose":
            world.inject(lose(REST, probability=0.3), *([lose(TAKE, leg="reply", occurrence=1)] if n % 2 else []))
        case "crash fault":
            world.inject(crash("Shop", down_for=f"{n + 1}s"))
        case "partition":
            world.inject(partition("Shop", "Buying", probability=0.5))
        case "lift":
            standing = [each.number for each in world.faults if each.is_in_force]
            if standing:
                world.lift(standing[n % len(standing)])
        case "crash":
            world.crash(("Shop", "Buying", "Picky")[n % 3], down_for=f"{n + 1}s")
        case "given":
            world.given("Shop.stock", [shop.thing("tea", n)])
        case "cancel" | "resume saga" | "abandon" | "redeliver":
            operate(world, verb, n)
        case "crowd":
            crowd(shop, world, n)
        case "http":
            world.http.get(f"/stock/{n}")
        case "check":
            world.check()
        case "advance":
            world.advance(f"{n + 1}s" if world.state != "running" else "1ms")
        case "settle":
            world.settle("3s")
        case "step":
            world.step(f"{n}ms" if n % 2 else None)
        case "pause" if world.state == "running":
            world.pause()
        case "live":
            world.start((500, None, 50)[n % 3])
        case "stop":
            world.stop()
        case "pace":
            world.speed = (20.0, 2000.0)[n % 2]


def operate(world: World, verb: str, n: int) -> None:
    """Do what an operator does."""
    match verb:
        case "cancel":
            world.cancel(f"Buying/{n}")
        case "resume saga":
            world.resume(f"Buying/{n}")
        case "abandon":
            world.abandon(f"Buying/{n}")
        case "redeliver":
            letters = world.sql("select message from deliveries where outcome = 'dead-lettered'")["message"]
            world.redeliver(letters[n % len(letters)] if len(letters) else n)


def crowd(shop: Shop, world: World, n: int) -> None:
    """Do several acts at once, from threads of their own."""
    acts = [("send", n), ("crash", n), ("call", n), ("lose", n), ("publish", n)][: n + 1]
    threads = [threading.Thread(target=attempt, args=(shop, world, *act)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def attempt(shop: Shop, world: World, verb: str, n: int) -> None:
    with suppress(StudioError, ServiceError, httpx.HTTPError):
        do(shop, world, verb, n)


def played(shop: Shop, acts: list[tuple[str, int]], seed: int, **options: Any) -> World:
    world = shop.world(seed=seed, **options)
    for verb, n in acts:
        attempt(shop, world, verb, n)
    return world


def acts_of(*verbs: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(st.sampled_from(verbs), st.integers(0, 5)), max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=acts_of(*LIVE, *HANDS),
    seed=st.integers(0, 3),
    mode=st.sampled_from([{}, {"scenario": "busy", "play": True}, {"bus": "kafka"}, {"bus": "rabbitmq"}]),
)
def test_case_and_cell_repeat_whatever_was_played(
    shop: Shop, acts: list[tuple[str, int]], seed: int, mode: dict[str, Any]
) -> None:
    world = played(shop, [("live", 0), *acts, ("live", 1), ("send", 1)], seed, **mode)
    run = world.close()
    assert run.case is not None
    assert shop.repeated(Case.from_json(run.case.as_json())) == run.sha256
    assert shop.declared(world.as_cell("again"), seed=seed) == run.sha256


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=acts_of("send", "workload", "end", "lose", "crash", "crash fault", "partition", "lift"), seed=st.integers(0, 3)
)
def test_what_can_be_declared_is_declared(shop: Shop, acts: list[tuple[str, int]], seed: int) -> None:
    world = played(shop, [("live", 0), *acts], seed)
    run = world.close()
    text = world.as_cell("again")
    assert text.count("by_hand(") == 1, text
    assert shop.declared(text, seed=seed) == run.sha256
