"""Shrinking, as laws over cases: what comes out still breaks, is minimal, and shrinks no further."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import crash, duplicate, latency, lose
from studio.model.fault import Fault
from studio.simulation.case import Case, Sent
from studio.simulation.hunting.complexity import complexity
from studio.simulation.hunting.shrinking import Shrinker, simpler_cases

FAULTS: tuple[Fault, ...] = (
    lose("cards", leg="reply", occurrence=3),
    lose("Bank.charge", probability=0.2),
    crash("Bank", at="1234ms", down_for="7s", replica=2),
    duplicate("Thing.made", at="2s", until="9s"),
    latency("Bank.charge", "31s", leg="both"),
    lose("Thing.made", leg="publish", occurrence=(2, 5)),
)

bodies = st.builds(
    lambda name, amount, items: json.dumps({"id": name, "amount": amount, "items": items}),
    st.sampled_from(["a", "order-1", "a very long name"]),
    st.integers(0, 1000),
    st.lists(st.integers(0, 9), max_size=3),
)
sends = st.lists(st.builds(Sent, st.integers(0, 10**10), st.just("Thing.made"), bodies), max_size=4).map(
    lambda drawn: tuple(sorted(drawn, key=lambda sent: sent.at_ns))
)
cases = st.builds(
    lambda plan, sent, seed: Case("calm", seed, tuple(plan), sent),
    st.lists(st.sampled_from(FAULTS), unique=True, max_size=4),
    sends,
    st.integers(0, 3),
)
needs = st.tuples(st.sets(st.sampled_from([fault.kind for fault in FAULTS]), max_size=2), st.integers(0, 2))


def predicate(need: tuple[set[str], int]) -> Callable[[Case], bool]:
    """A promise that breaks under some kinds of faults, with at least so many messages."""
    kinds, count = need
    return lambda case: kinds <= {fault.kind for fault in case.plan} and len(case.sends or ()) >= count


def shrunk(case: Case, breaks: Callable[[Case], bool]) -> Case:
    shrinker = Shrinker(case, breaks, tries_max=5000)
    shrinker.run()
    assert shrinker.is_done
    return shrinker.best


@settings(deadline=None)
@given(case=cases, need=needs)
def test_result_still_breaks_the_promise_and_is_no_more_complex(case: Case, need: tuple[set[str], int]) -> None:
    breaks = predicate(need)
    if breaks(case):
        small = shrunk(case, breaks)
        assert breaks(small)
        assert complexity(small) <= complexity(case)


@settings(deadline=None)
@given(case=cases, need=needs)
def test_no_fault_and_no_message_can_be_left_out(case: Case, need: tuple[set[str], int]) -> None:
    breaks = predicate(need)
    if breaks(case):
        small = shrunk(case, breaks)
        plan = small.plan
        assert not any(breaks(small.with_plan(*plan[:at], *plan[at + 1 :])) for at in range(len(plan)))
        assert len(small.sends or ()) == need[1]


@settings(deadline=None)
@given(case=cases, need=needs)
def test_shrinking_again_changes_nothing(case: Case, need: tuple[set[str], int]) -> None:
    breaks = predicate(need)
    if breaks(case):
        assert shrunk(shrunk(case, breaks), breaks) == shrunk(case, breaks)


@given(case=cases)
def test_proposals_hang_on_the_case_alone(case: Case) -> None:
    assert list(simpler_cases(case)) == list(simpler_cases(case))


def test_bound_is_kept_and_leaves_what_is_best_so_far() -> None:
    case = Case("calm", 0, FAULTS, ())
    shrinker = Shrinker(case, lambda case: len(case.plan) >= 2, tries_max=5)
    small = shrinker.run()
    assert shrinker.tries == 5
    assert not shrinker.is_done
    assert 2 <= len(small.plan) <= len(FAULTS)


@pytest.mark.parametrize(
    ("fault", "simple"),
    [
        (lose("cards", probability=0.2), lose("cards", occurrence=1)),
        (lose("cards", occurrence=(2, 5)), lose("cards", occurrence=1)),
        (lose("cards", leg="request", occurrence=7), lose("cards", occurrence=1)),
        (crash("Bank", at="1234567us", down_for="7s"), crash("Bank")),
        (duplicate("Thing.made", every=3), duplicate("Thing.made", occurrence=1)),
    ],
)
def test_faults_become_those_that_strike_once_at_once(fault: Fault, simple: Fault) -> None:
    small = shrunk(Case("calm", plan=(fault,)), lambda case: [each.kind for each in case.plan] == [fault.kind])
    assert small.plan == (simple,)


def test_times_become_as_round_as_the_promise_allows() -> None:
    case = Case("calm", plan=(crash("Bank", at="1234567us"),))
    small = shrunk(case, lambda case: bool(case.plan) and 1_100_000_000 <= case.plan[0].from_ns <= 1_300_000_000)
    assert small.plan == (crash("Bank", at="1200ms"),)


def test_data_becomes_as_small_as_the_promise_allows() -> None:
    body = '{"id": "order-1", "note": "as long as it wants to be", "total": "19.90", "items": [3, 400, 5]}'
    case = Case("calm", sends=(Sent(12345, "Thing.made", body),))

    def breaks(case: Case) -> bool:
        (sent,) = case.sends or (None,)
        return sent is not None and any(item > 100 for item in json.loads(sent.body)["items"] or ())

    (sent,) = shrunk(case, breaks).sends or ()
    assert sent == Sent(0, "Thing.made", '{"id":"order-1","note":"a","total":"0","items":[200]}')
