"""Policies under faults: breakers that open and close again, stale answers, storms that a budget stops, stale lists."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from studio import crash, down
from studio.errors import StudioError
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.simulation.world import world
from studio.store import Log

RATES = """
%%service Rates --kind query --replicas {replicas}
healthy = True
@service.operation($.Rates.latest, timeout="1s"{policies})
async def latest(thing: Thing) -> Told:
    return Told(text=thing.id)

@service.health(interval="5s")
async def check() -> Health:
    return Health(ok=healthy)
"""
SHOP = """
%%service Shop
@service.on($.Thing.made)
async def hear(thing: Thing) -> None:
    try:
        told = await Rates.latest(Thing(id="same"))
        log.info("stale" if is_stale(told) else "fresh")
    except Exception as error:
        log.info(type(error).__name__)
"""
SCENE = """
%%scenario market --duration {duration}
workload($.Thing.made, rate_per_s={rate}, arrivals="fixed")
"""


def played(system_from: Any, policies: str, *faults: Any, mesh: str = "", **options: Any) -> Run:
    """Run a minute of a shop that asks for rates once a second."""
    rates = RATES.format(policies=policies and f", {policies}", replicas=options.pop("replicas", 1))
    scene = SCENE.format(duration="1m", rate=options.pop("rate", 1)) + options.pop("lines", "")
    cells = [rates, SHOP, scene, *([f"%%compose\nMarket = mesh(Rates, Shop, {mesh})"] if mesh else [])]
    return simulate("market", system=system_from(*cells), log=Log.memory(), faults=list(faults), **options)


def changes(run: Run, policy: str) -> list[tuple[str, float]]:
    """What a policy did, and in which second."""
    rows = run.sql("select change, at_s from policies where policy = $policy order by seq", policy=policy)
    return [(change, round(at_s)) for change, at_s in rows.iter_rows()]


def said(run: Run) -> list[str]:
    return run.logs["text"].to_list()


def test_a_breaker_opens_under_an_outage_half_opens_and_closes_again(system_from: Any) -> None:
    run = played(system_from, "breaker=Breaker(failures=3, open_for='20s')", down("Rates", at="9500ms", until="25s"))
    turns = [change for change, _ in changes(run, "breaker") if change != "refused"]
    assert turns == ["opened", "half-open", "closed"]
    (_, opened), *_, (_, closed) = [each for each in changes(run, "breaker") if each[0] != "refused"]
    assert (opened, closed) == (12, 33)
    assert said(run).count("ServiceUnavailable") == 3
    assert said(run).count("BreakerOpen") == 20
    assert run.summary().policies[0] == ("breaker closed", 1)
    assert "breaker opened" in str(run.summary())


def test_a_failed_probe_opens_it_again(system_from: Any) -> None:
    run = played(system_from, "breaker=Breaker(failures=3, open_for='10s')", down("Rates", at="9500ms", until="35s"))
    turns = [change for change, _ in changes(run, "breaker") if change != "refused"]
    assert turns == ["opened", "half-open", "opened", "half-open", "opened", "half-open", "closed"]


def test_a_mesh_gives_its_members_the_last_good_answer_marked_stale(system_from: Any) -> None:
    run = played(system_from, "", down("Rates", at="30s"), mesh="fallback=Fallback(last_good=True, most_age='10s')")
    told = said(run)
    assert (told.count("fresh"), told.count("stale")) == (29, 10)
    assert told[-1] == "ServiceUnavailable"
    assert set(run.policies["change"].to_list()) == {"stale"}


def calls(run: Run) -> int:
    return int(run.sql("select count(*) as n from messages where kind = 'call'")["n"][0])


def test_a_budget_stops_a_retry_storm(system_from: Any) -> None:
    retry = "retry=Retry(attempts=5, backoff='fixed', first='100ms', jitter=0"
    outage = down("Rates", at="20s", until="40s")
    storm = played(system_from, f"{retry})", outage, rate=10)
    calmed = played(system_from, f"{retry}, budget=Budget(share=0.2, least=0))", outage, rate=10)
    plain = played(system_from, "", outage, rate=10)
    assert calls(storm) > 2 * calls(plain)
    assert calls(calmed) < 1.2 * calls(plain)
    assert "exhausted" in [change for change, _ in changes(calmed, "budget")]


@pytest.mark.parametrize(("health", "least", "most"), [("", 10, 31), ("health='5s'", 1, 7)])
def test_a_stale_list_leads_to_refused_calls_and_health_checks_shorten_that(
    system_from: Any, health: str, least: int, most: int
) -> None:
    discovery = f"discovery=Discovery(ttl='30s', {health})"
    run = played(system_from, discovery, crash("Rates", replica=2, at="6s", down_for="1h"), replicas=3, rate=3)
    refused = run.sql("select count(*) as n from deliveries where outcome = 'refused'")["n"][0]
    assert least <= refused <= most
    assert ("ejected" in [change for change, _ in changes(run, "discovery")]) == bool(health)


def answering(run: Run) -> list[int]:
    """Return the replicas that answered, in order."""
    return run.sql("select replica from spans where kind = 'handle' and service = 'Rates'")["replica"].to_list()


def test_round_robin_shares_calls_among_replicas(system_from: Any) -> None:
    run = played(system_from, "balance='round-robin'", replicas=3)
    assert sorted(Counter(answering(run)).values()) == [20, 20, 20]


def test_consistent_hash_sends_one_key_to_one_replica(system_from: Any) -> None:
    run = played(system_from, "balance=ConsistentHash(by='id')", replicas=3)
    assert len(set(answering(run))) == 1


def test_a_bulkhead_lets_a_few_wait_and_refuses_the_rest(system_from: Any) -> None:
    slow = "service_time($.Rates.latest, '900ms')"
    run = played(system_from, "bulkhead=Bulkhead(concurrent=1, queue=1)", rate=3, lines=slow)
    told = said(run)
    assert 55 < told.count("fresh") < 70
    assert told.count("BulkheadFull") > 100


def test_a_run_with_policies_is_the_same_twice(system_from: Any) -> None:
    policies = "retry=Retry(attempts=3), breaker=Breaker(failures=3, open_for='5s'), balance='random-two'"
    outage = down("Rates", at="10s", until="40s", probability=0.6)
    first, second = (played(system_from, policies, outage, replicas=3, seed=7) for _ in range(2))
    assert first.sha256 == second.sha256
    assert first.policies.height > 10


def test_a_callers_crash_closes_its_breakers(system_from: Any) -> None:
    shop_dies = crash("Shop", at="15s", down_for="1s")
    run = played(system_from, "breaker=Breaker(failures=3, open_for='30s')", down("Rates", at="5s"), shop_dies)
    turns = [each for each in changes(run, "breaker") if each[0] == "opened"]
    assert len(turns) == 3
    assert turns[1][1] < 25


def test_marks_of_policies_stand_in_waterfalls(system_from: Any) -> None:
    run = played(system_from, "breaker=Breaker(failures=1)", down("Rates"))
    (trace,) = run.sql("select trace from policies where change = 'opened'")["trace"].to_list()
    assert "◇ breaker opened: Rates.latest" in run.trace(trace).text()
    assert "mark-policy" in run.trace(trace).svg()


def test_the_world_outside_has_policies_of_its_own(system_from: Any) -> None:
    system = system_from(RATES.format(policies=", breaker=Breaker(failures=2)", replicas=1), SHOP)
    played_by_hand = world(system=system, log=Log.memory())
    played_by_hand.inject(down("Rates"))
    codes = []
    for _ in range(3):
        with pytest.raises(StudioError) as caught:
            played_by_hand.call("Rates.latest", system.visible()["Thing"](id="a"))
        codes.append(caught.value.code)
    played_by_hand.close()
    assert codes == ["STU412", "STU412", "STU461"]
