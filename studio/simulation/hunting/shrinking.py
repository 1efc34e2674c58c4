"""Shrink a case that breaks a promise to the simplest that still does: every step is a run.

Simplest means, in this order: fewest faults, fewest messages, the declared seed, simplest faults and times, simplest
data. Each accepted step is simpler by that measure, so it ends; it ends where nothing simpler that is proposed breaks
the promise, so shrinking the result again changes nothing, and leaving out any one fault mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from studio.simulation.case import Case, Sent
from studio.simulation.hunting.complexity import complexity
from studio.simulation.hunting.simplifying import simpler_bodies, simpler_faults, simpler_ns

__all__ = ["Shrinker", "simpler_cases"]


class Shrinker:
    """Shrinks one case.

    Attributes:
        best: The simplest case so far that breaks the promise.
        tries: Cases that were run for it.
        is_done: Whether nothing simpler is left to try.

    Args:
        case: Breaks the promise.
        breaks: Runs a case and says whether the promise is broken.
        tries_max: Cases to run at most.
    """

    def __init__(self, case: Case, breaks: Callable[[Case], bool], *, tries_max: int = 100) -> None:
        self.best, self.tries, self.is_done = case, 0, False
        self._breaks, self._tries_max = breaks, tries_max
        self._kept: dict[str, None] = {}

    def run(self) -> Case:
        """Shrink as far as it goes, and return the simplest case.

        Raises:
            RunInterrupted: Stopped by hand; `best` holds what is known.
        """
        while not self.is_done and self.tries < self._tries_max:
            self.is_done = not self._step()
        return self.best

    def write_out(self, sends: tuple[Sent, ...]) -> None:
        """Put the very messages that were sent in the workload's place, if they break the promise as well."""
        case = replace(self.best, sends=sends)
        if self.best.sends is None:
            self.tries += 1
            if self._breaks(case):
                self.best = case

    def _step(self) -> bool:
        """Find the first simpler case that breaks the promise; False where there is none, or no try left."""
        limit = complexity(self.best)
        for case in simpler_cases(self.best):
            key = case.as_json()
            if key in self._kept or complexity(case) >= limit:
                continue
            if self.tries >= self._tries_max:
                return True
            self.tries += 1
            if self._breaks(case):
                self.best = case
                return True
            self._kept[key] = None
        return False


def simpler_cases(case: Case) -> Iterator[Case]:
    """Propose cases that may be simpler, the boldest first; what they propose hangs on the case alone."""
    yield from _with_fewer_faults(case)
    yield from _with_fewer_messages(case)
    if case.seed:
        yield replace(case, seed=0)
    yield from _with_simpler_faults(case)
    yield from _with_simpler_messages(case)


def _with_fewer_faults(case: Case) -> Iterator[Case]:
    plan = case.plan
    if len(plan) > 1:
        yield case.with_plan()
    if len(plan) > 2:
        yield from (case.with_plan(fault) for fault in plan)
    yield from (case.with_plan(*plan[:at], *plan[at + 1 :]) for at in range(len(plan)))


def _with_fewer_messages(case: Case) -> Iterator[Case]:
    """Leave messages out: all but the first few, then halves, then each."""
    sends = case.sends
    if not sends:
        return
    count = len(sends)
    yield from (replace(case, sends=sends[:kept]) for kept in (0, 1, 2, 4, 8, 16) if kept < count)
    stretch = max(count // 2, 1)
    while stretch:
        yield from (replace(case, sends=sends[:at] + sends[at + stretch :]) for at in range(0, count, stretch))
        stretch //= 2


def _with_simpler_faults(case: Case) -> Iterator[Case]:
    for at, fault in enumerate(case.plan):
        for simpler in simpler_faults(fault):
            yield case.with_plan(*case.plan[:at], simpler, *case.plan[at + 1 :])


def _with_simpler_messages(case: Case) -> Iterator[Case]:
    """Let messages come at rounder instants, then carry less; their order stays."""
    sends = case.sends or ()
    for at, sent in enumerate(sends):
        for at_ns in simpler_ns(sent.at_ns):
            moved = (*sends[:at], replace(sent, at_ns=at_ns), *sends[at + 1 :])
            if list(moved) == sorted(moved, key=lambda each: each.at_ns):
                yield replace(case, sends=moved)
    for at, sent in enumerate(sends):
        for body in simpler_bodies(sent.body):
            yield replace(case, sends=(*sends[:at], replace(sent, body=body), *sends[at + 1 :]))
