"""Decide when the next message of a workload arrives: at one rate, by steps, in bursts.

A draw is how much waiting the next arrival takes, in units of the mean gap; time uses it up as fast as the rate is at
that moment. So rates can change between two arrivals, and each process needs one draw for each.
"""

from __future__ import annotations

from typing import Protocol

from studio.model.duration import SECOND_NS
from studio.model.workload import Workload
from studio.simulation.randomness import Stream

__all__ = ["Tempo", "tempo_of"]

FOREVER_NS = 1 << 62


class Tempo(Protocol):
    """When messages arrive."""

    def next_ns(self, now_ns: int, units: float) -> int | None:
        """Return the instant of the next arrival, None for never.

        Args:
            now_ns: Of the one before, or of the workload's beginning.
            units: How many mean gaps to wait; on average 1.
        """
        ...


def tempo_of(workload: Workload, switches: Stream) -> Tempo:
    """Return the tempo of a workload that arrives by a rate.

    Args:
        workload: The workload.
        switches: Draws how long calms and bursts last.
    """
    if workload.steps:
        return Stairs(workload.steps)
    if workload.burst_ns:
        return Bursts(workload, switches)
    return Even(workload.rate_per_s)


class Even:
    """One rate.

    Args:
        rate_per_s: Arrivals per second.
    """

    def __init__(self, rate_per_s: float) -> None:
        self._mean_ns = SECOND_NS / rate_per_s

    def next_ns(self, now_ns: int, units: float) -> int | None:
        """Return the instant so many mean gaps later."""
        return now_ns + round(units * self._mean_ns)


class Stairs:
    """A rate for each stretch of time.

    Args:
        steps: Instants, rising, and the rate per second from each on; before the first nothing arrives.
    """

    def __init__(self, steps: tuple[tuple[int, float], ...]) -> None:
        ends = [at_ns for at_ns, _ in steps[1:]]
        self._stretches = [(end_ns, rate) for (_, rate), end_ns in zip(steps, [*ends, FOREVER_NS], strict=True)]
        self._stretches.insert(0, (steps[0][0], 0.0))

    def next_ns(self, now_ns: int, units: float) -> int | None:
        """Return the instant at which the rates since then add up to the wait."""
        for end_ns, rate in self._stretches:
            if end_ns <= now_ns or not rate:
                now_ns = max(now_ns, end_ns)
                continue
            at_ns = now_ns + round(units * SECOND_NS / rate)
            if at_ns < end_ns:
                return at_ns
            units -= (end_ns - now_ns) * rate / SECOND_NS
            now_ns = end_ns
        return None


class Bursts:
    """Two rates by turns, for exponential times: a Markov-modulated Poisson process of two states.

    Args:
        workload: Its mean rate, the mean lengths of calm and burst, and how many times the calm's rate a burst has.
        switches: Draws the lengths; the n-th is always the same.
    """

    def __init__(self, workload: Workload, switches: Stream) -> None:
        burst_ns, calm_ns, factor = workload.burst_ns, workload.calm_ns, workload.factor
        calm_rate = workload.rate_per_s * (calm_ns + burst_ns) / (calm_ns + factor * burst_ns)
        self._rates = (calm_rate, calm_rate * factor)
        self._means_ns = (calm_ns, burst_ns)
        self._switches, self._is_burst = switches, 1
        self._end_ns = workload.from_ns
        self._switch()

    def _switch(self) -> None:
        self._is_burst = 1 - self._is_burst
        self._end_ns += round(self._switches.exponential(self._means_ns[self._is_burst]))

    def next_ns(self, now_ns: int, units: float) -> int | None:
        """Return the instant at which the rates since then add up to the wait."""
        while True:
            rate = self._rates[self._is_burst]
            at_ns = now_ns + round(units * SECOND_NS / rate)
            if at_ns < self._end_ns:
                return at_ns
            units = max(0.0, units - (self._end_ns - now_ns) * rate / SECOND_NS)
            now_ns = max(now_ns, self._end_ns)
            self._switch()
