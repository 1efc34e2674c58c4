"""Workloads in runs: processes, counts, skewed keys, and how a card tells them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from studio.model.scenario import Scenario
from studio.notebook.cards.wording import workload_words
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

SECOND_NS = 1_000_000_000
LISTENER = """
%%service Listener
@service.on($.Thing.made)
async def hear(thing: Thing) -> None: ...
"""


def built(system_from: Any, work: str) -> Any:
    return system_from(LISTENER, f"%%scenario busy --duration 1m\nworkload($.Thing.made, {work})").build()


def run(system_from: Any, work: str, seed: int = 1) -> Run:
    return simulate("busy", seed=seed, system=built(system_from, work), log=Log.memory())


def instants(of: Run) -> list[int]:
    return of.sql("select at_ns from messages where sender = 'world' order by seq")["at_ns"].to_list()


def test_steps_change_the_rate(system_from: Any) -> None:
    times = instants(run(system_from, 'rate_per_s=[("0s", 1), ("30s", 10), ("40s", 0)]'))
    counts = [sum(start <= at / SECOND_NS < end for at in times) for start, end in ((0, 30), (30, 40), (40, 61))]
    assert 15 < counts[0] < 50
    assert 65 < counts[1] < 140
    assert counts[2] == 0


def test_even_steps_are_even(system_from: Any) -> None:
    times = instants(run(system_from, 'rate_per_s=[("0s", 1), ("30s", 2)], arrivals="fixed"'))
    assert times[:3] == [SECOND_NS, 2 * SECOND_NS, 3 * SECOND_NS]
    assert times[-1] - times[-2] == SECOND_NS // 2


def test_rate_ends_after_a_count(system_from: Any) -> None:
    assert len(instants(run(system_from, "rate_per_s=10, count=7"))) == 7


def test_bursty_arrivals_hang_on_the_seed_alone(system_from: Any) -> None:
    work = 'rate_per_s=10, arrivals="bursty", burst="2s", factor=20'
    first, again, other = (instants(run(system_from, work, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_skewed_key_of_an_event_repeats_the_first_most(system_from: Any) -> None:
    found = run(system_from, "rate_per_s=10, skew={'id': Zipf(1.5, values=20)}")
    keys = Counter(found.sql("select key from messages where sender = 'world'")["key"].to_list())
    (_, most), (_, next_most) = keys.most_common(2)
    assert len(keys) <= 20
    assert most > 1.5 * next_most


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("rate_per_s=2", "2 per second (poisson)"),
        ("rate_per_s=2, count=3", "3 messages at 2 per second (poisson)"),
        ("count=3, every='2s'", "3 messages, one every 2 s"),
        ('rate_per_s=[("0s", 5), ("1m", 50)]', "5 from 0 s, 50 from 1m 0s per second (poisson)"),
        (
            'rate_per_s=2, arrivals="bursty"',
            "2 per second (bursty, bursts of 10 s at 10 times the rate every 1m 40s)",
        ),
    ],
)
def test_card_says_how_messages_arrive(system_from: Any, work: str, words: str) -> None:
    scenario: Scenario = built(system_from, work).graph.scenarios["busy"]
    assert workload_words(scenario.workloads[0], 60 * SECOND_NS) == words
