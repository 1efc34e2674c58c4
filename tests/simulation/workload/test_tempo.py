"""The laws of arrivals: times rise, rates hold over the long run, and the seed alone decides."""

from __future__ import annotations

from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.model.workload import Workload
from studio.simulation.randomness import Stream
from studio.simulation.workload.tempo import tempo_of

SECOND_NS = 1_000_000_000
rates = st.floats(0.5, 50)


def arrivals(work: Workload, seed: int, until_s: float, *, is_even: bool = False) -> list[int]:
    """Instants until one is past the end."""
    tempo, gaps = tempo_of(work, Stream(seed, 1)), Stream(seed, 2)
    found: list[int] = []
    now_ns: int | None = work.from_ns
    while now_ns is not None:
        now_ns = tempo.next_ns(now_ns, 1.0 if is_even else gaps.exponential(1.0))
        if now_ns is None or now_ns > until_s * SECOND_NS:
            break
        found.append(now_ns)
    return found


def bursty(rate: float, burst_s: float = 1.0, calm_s: float = 3.0, factor: float = 10.0) -> Workload:
    burst_ns, calm_ns = round(burst_s * SECOND_NS), round(calm_s * SECOND_NS)
    return Workload("Order.created", rate, "bursty", burst_ns=burst_ns, calm_ns=calm_ns, factor=factor)


def stairs(*steps: tuple[float, float]) -> Workload:
    return Workload("Order.created", steps=tuple((round(at * SECOND_NS), rate) for at, rate in steps))


@given(rate=rates, seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_poisson_arrivals_number_what_the_rate_says(rate: float, seed: int) -> None:
    expected = rate * 200
    assert abs(len(arrivals(Workload("Order.created", rate), seed, 200)) - expected) < 6 * sqrt(expected)


@given(rate=rates, seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_even_steps_number_what_their_areas_say(rate: float, seed: int) -> None:
    found = arrivals(stairs((0, rate), (10, 3 * rate), (20, 0)), seed, 60, is_even=True)
    assert abs(len(found) - 40 * rate) < 1.5
    assert all(at <= 20 * SECOND_NS for at in found)


@given(seed=st.integers(0, 2**32), steps=st.lists(rates, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_each_step_has_its_own_rate(seed: int, steps: list[float]) -> None:
    found = arrivals(stairs(*((100 * n, rate) for n, rate in enumerate(steps))), seed, 100 * len(steps))
    for number, rate in enumerate(steps):
        inside = sum(100 * number <= at / SECOND_NS < 100 * (number + 1) for at in found)
        assert abs(inside - 100 * rate) < 6 * sqrt(100 * rate) + 1


@given(rate=rates, seed=st.integers(0, 2**32), factor=st.floats(1.5, 100))
@settings(max_examples=30, deadline=None)
def test_bursts_keep_the_rate_over_the_long_run(rate: float, seed: int, factor: float) -> None:
    found = arrivals(bursty(rate, factor=factor), seed, 2000)
    assert 0.75 < len(found) / (2000 * rate) < 1.25


@given(seed=st.integers(0, 2**32), factor=st.sampled_from([2.0, 10.0, 50.0]))
@settings(max_examples=30, deadline=None)
def test_times_never_go_back(seed: int, factor: float) -> None:
    for work in (bursty(20, factor=factor), stairs((5, 20), (7, 0), (9, 40))):
        found = arrivals(work, seed, 50)
        assert found == sorted(found)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_seed_decides_alone(seed: int) -> None:
    assert arrivals(bursty(20), seed, 50) == arrivals(bursty(20), seed, 50)
    assert arrivals(bursty(20), seed, 50) != arrivals(bursty(20), seed + 1, 50)


def test_bursts_crowd_what_comes() -> None:
    def most(work: Workload) -> int:
        found = arrivals(work, 7, 1000)
        return max(sum(second <= at / SECOND_NS < second + 1 for at in found) for second in range(0, 1000, 5))

    assert most(bursty(10, burst_s=5, calm_s=45, factor=20)) > 2 * most(Workload("Order.created", 10.0))


def test_before_its_first_step_nothing_arrives() -> None:
    assert arrivals(stairs((30, 10)), 3, 60)[0] >= 30 * SECOND_NS
