"""Workloads: what `workload(...)` declares, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from studio.address import S
from studio.errors import InvalidWorkload
from studio.model.declaring import gather
from studio.model.scenario import Scenario
from studio.model.workload import Workload, workload

SECOND_NS = 1_000_000_000


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    with gather():
        yield Scenario("calm", duration="10m")


def declared(scenario: Scenario, **options: Any) -> Workload:
    workload(S.Order.created, **options)
    return scenario.workloads[-1]


def test_steps_are_instants_and_rates(scenario: Scenario) -> None:
    made = declared(scenario, rate_per_s=[("0s", 5), ("1m", 50)])
    assert made.steps == ((0, 5.0), (60 * SECOND_NS, 50.0))
    assert made.is_paced
    assert made.rate_per_s == 0


def test_bursts_have_defaults(scenario: Scenario) -> None:
    made = declared(scenario, rate_per_s=20, arrivals="bursty")
    assert (made.burst_ns, made.calm_ns, made.factor) == (10 * SECOND_NS, 90 * SECOND_NS, 10.0)


def test_calm_follows_the_burst_unless_stated(scenario: Scenario) -> None:
    assert declared(scenario, rate_per_s=20, arrivals="bursty", burst="2s").calm_ns == 18 * SECOND_NS
    assert declared(scenario, rate_per_s=20, arrivals="bursty", burst="2s", calm="3s").calm_ns == 3 * SECOND_NS


def test_a_rate_can_end_after_a_count(scenario: Scenario) -> None:
    assert declared(scenario, rate_per_s=20, count=7).count == 7


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "neither messages nor a rate"),
        ({"count": -1}, "a negative one"),
        ({"rate_per_s": -1}, "is no rate"),
        ({"rate_per_s": float("nan")}, "is no rate"),
        ({"rate_per_s": []}, "instants must rise"),
        ({"rate_per_s": [("1m", 5), ("0s", 50)]}, "instants must rise"),
        ({"rate_per_s": [("0s", 5), ("0s", 50)]}, "instants must rise"),
        ({"rate_per_s": [("0s", -5)]}, "rates be 0 or more"),
        ({"rate_per_s": [("0s", 0)]}, "lets nothing arrive"),
        ({"rate_per_s": 5, "every": "1s"}, "both a rate and every"),
        ({"messages": [1], "count": 3}, "beside a list"),
        ({"rate_per_s": 5, "at": "5m", "until": "1m"}, "ends before it begins"),
        ({"rate_per_s": 5, "burst": "10s"}, "not for arrivals='poisson'"),
        ({"rate_per_s": 5, "arrivals": "fixed", "factor": 3}, "not for arrivals='fixed'"),
        ({"count": 5, "arrivals": "bursty"}, "need one rate"),
        ({"rate_per_s": [("0s", 5)], "arrivals": "bursty"}, "need one rate"),
        ({"rate_per_s": 5, "arrivals": "bursty", "factor": 1}, "a burst is no burst"),
        ({"rate_per_s": 5, "arrivals": "bursty", "calm": "0s"}, "a burst is no burst"),
    ],
)
def test_what_says_nothing_or_contradicts_itself_is_refused(
    scenario: Scenario, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidWorkload, match=reason):
        declared(scenario, **options)
    assert scenario.workloads == []
