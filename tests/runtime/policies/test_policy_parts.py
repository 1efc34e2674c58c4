"""The parts of policies by themselves: windows, budgets, balancing, lists of replicas, last good answers."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.model.duration import SECOND_NS
from studio.model.policy import Budget
from studio.model.routing import BalanceName, ConsistentHash, Discovery, balance_of
from studio.ports import Standing
from studio.runtime.policies.allowance import Allowance
from studio.runtime.policies.balancing import Balancer, ranked
from studio.runtime.policies.larder import Larder
from studio.runtime.policies.roster import Found, Roster
from studio.runtime.policies.sliding import SLICES, Tally


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=50))
def test_a_tally_counts_what_lies_within_its_window(steps: list[tuple[int, bool]]) -> None:
    tally, now_ns, history = Tally(SLICES), 0, []
    for wait_ns, marked in steps:
        now_ns += wait_ns
        tally.add(now_ns, total=1, marked=marked)
        history.append((now_ns, marked))
    kept = [marked for at_ns, marked in history if at_ns > now_ns - SLICES]
    assert (tally.total, tally.marked) == (len(kept), sum(kept))


def test_a_clock_that_is_set_back_begins_the_count_anew() -> None:
    tally = Tally(10 * SECOND_NS)
    tally.add(3600 * SECOND_NS, total=5, marked=5)
    tally.add(SECOND_NS, total=1)
    assert (tally.total, tally.marked) == (1, 0)


def test_a_budget_grants_a_share_of_the_calls() -> None:
    allowance = Allowance(Budget(share=0.2, least=0))
    for _ in range(50):
        allowance.call(0)
    assert sum(allowance.retry(0) for _ in range(50)) == 10


def test_a_budget_grants_a_few_retries_however_few_calls_there_are() -> None:
    allowance = Allowance(Budget(share=0.2, least=3))
    allowance.call(0)
    assert [allowance.retry(0) for _ in range(4)] == [True, True, True, False]
    assert allowance.retry(11 * SECOND_NS)


@pytest.mark.parametrize(
    ("name", "picked"),
    [("round-robin", [1, 2, 3, 1, 2, 3]), ("least-loaded", [1, 2, 3, 1, 2, 3]), ("consistent-hash", [2] * 6)],
)
def test_replicas_are_picked_by_the_balance(name: BalanceName, picked: list[int]) -> None:
    balancer, found = Balancer(balance_of(name)), []
    for _ in range(6):
        found.append(balancer.pick((1, 2, 3), "some key", lambda _: 0.5))
        balancer.begin(found[-1])
    if name == "consistent-hash":
        assert len(set(found)) == 1
    else:
        assert found == picked


def test_least_loaded_avoids_the_busy() -> None:
    balancer = Balancer("least-loaded")
    for _ in range(5):
        balancer.begin(1)
    assert {balancer.pick((1, 2), "", lambda _: 0.5) for _ in range(6)} == {2}
    balancer.end(1)


@given(first=st.floats(0, 1, exclude_max=True), second=st.floats(0, 1, exclude_max=True), count=st.integers(1, 9))
def test_random_two_picks_the_less_busy_of_two_that_differ(first: float, second: float, count: int) -> None:
    balancer = Balancer("random-two")
    replicas = tuple(range(1, count + 1))
    idle = balancer.pick(replicas, "", lambda which: first if which == 1 else second)
    assert idle in replicas
    balancer.begin(idle)
    again = balancer.pick(replicas, "", lambda which: first if which == 1 else second)
    assert (again != idle) == (count > 1)


@given(st.text(), st.integers(2, 8))
def test_a_replica_that_leaves_moves_only_its_own_keys(key: str, count: int) -> None:
    replicas = tuple(range(1, count + 1))
    first = ranked(replicas, key)[0]
    for gone in replicas:
        left = ranked([each for each in replicas if each != gone], key)[0]
        assert first in {left, gone}


def test_keys_spread_over_all_replicas() -> None:
    spread = Counter(ranked((1, 2, 3, 4), f"customer {number}")[0] for number in range(1000))
    assert sorted(spread) == [1, 2, 3, 4]
    assert min(spread.values()) > 180
    assert balance_of("consistent-hash") == ConsistentHash()


class Registry:
    """Says what a test says."""

    def __init__(self, *replicas: int) -> None:
        self.known = dict.fromkeys(replicas, True)
        self.asked = 0

    def replicas(self, service: str) -> tuple[Standing, ...]:
        self.asked += 1
        return tuple(Standing(replica, well) for replica, well in sorted(self.known.items()))


def test_a_list_is_used_until_its_time_is_up() -> None:
    registry, told = Registry(1, 2), list[Found]()
    roster = Roster("Stock", registry, Discovery(ttl="30s"))
    assert roster.replicas(0, told.append) == (1, 2)
    del registry.known[2]
    assert roster.replicas(29 * SECOND_NS, told.append) == (1, 2)
    assert roster.replicas(30 * SECOND_NS, told.append) == (1,)
    assert [found.detail for found in told] == ["replicas 1, 2", "replicas 1"]


def test_health_checks_eject_who_is_gone_or_ill_and_take_back_who_is_well() -> None:
    registry, told = Registry(1, 2, 3), list[Found]()
    roster = Roster("Stock", registry, Discovery(ttl="1h", health="10s"))
    assert roster.replicas(10 * SECOND_NS, told.append) == (1, 2, 3)
    del registry.known[2]
    registry.known[3] = False
    assert roster.replicas(20 * SECOND_NS, told.append) == (1,)
    registry.known |= {2: True, 3: True}
    assert roster.replicas(30 * SECOND_NS, told.append) == (1, 2, 3)
    changes = [(found.change, found.replica, found.detail) for found in told[1:]]
    assert changes == [
        ("ejected", 2, "gone"), ("ejected", 3, "unhealthy"), ("returned", 2, "healthy"), ("returned", 3, "healthy"),
    ]  # fmt: skip


def test_where_all_are_ejected_all_are_called() -> None:
    registry = Registry(1, 2)
    registry.known = {1: False, 2: False}
    roster = Roster("Stock", registry, Discovery(health="10s"))
    assert roster.replicas(10 * SECOND_NS, lambda _: None) == (1, 2)


def test_an_empty_list_is_asked_for_again_at_once() -> None:
    registry = Registry()
    roster = Roster("Stock", registry, Discovery(ttl="30s"))
    assert roster.replicas(0, lambda _: None) == ()
    registry.known = {1: True}
    assert roster.replicas(1, lambda _: None) == (1,)


def test_a_larder_keeps_the_answers_asked_for_last_by_message_and_principal() -> None:
    larder = Larder()
    for at_ns, question in enumerate((b"a", b"b", b"a", b"c")):
        larder.keep("Rates.latest", ("ada", question), question.upper(), at_ns, most=2)
    assert larder.find("Rates.latest", ("ada", b"a")) == (2, b"A")
    assert larder.find("Rates.latest", ("ada", b"b")) is None
    assert larder.find("Rates.latest", ("eve", b"a")) is None
    assert larder.find("Other.latest", ("ada", b"a")) is None


def test_stale_answers_are_known_by_identity() -> None:
    larder = Larder()
    given = larder.mark({"rate": 1})
    assert larder.is_stale(given)
    assert not larder.is_stale({"rate": 1})
