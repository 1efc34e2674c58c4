"""Search with Hypothesis where order has come to its end: plans, timings, schedules and sizes drawn together.

It is guided by what makes systems break: long latencies, many retries, long queues. Everything is drawn from booleans.
Hypothesis mixes constants of whatever modules are loaded into numbers and samples, so that those would be others in a
notebook than in a terminal; and equal seeds must give equal hunts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from studio.errors import StudioError
from studio.model.fault import Fault
from studio.simulation.case import Case
from studio.simulation.hunting.trials import Spent, Trials

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Ground", "drawn_cases", "search_at_random"]

Value = TypeVar("Value")

COUNTS = (1, 2, 2, 2, 3, 3, 4)
"""How many faults a plan has; as often as they stand here."""
CHANCES = (0.02, 0.1, 0.3)
BY_CHANCE = frozenset({"duplicate", "latency", "lose", "reorder"})
"""Kinds that may strike by chance for a whole run; others would break any promise for good, and tell nothing."""
OCCURRENCES = (1, 2, 3, 4, 5, 8)
INSTANTS = 1024
"""A crash falls at one of so many instants of the run."""
SEEDS = (0, 0, 0, *range(1, 30))
"""Added to the seed: other schedules, and the same one a little more often."""
SHRINKS_MAX = 24
"""Runs that Hypothesis may use to simplify what it found, before our own shrinking ends it."""
EXAMPLES_MAX = 20_000
"""Cases to draw, those that were run before among them; the budget ends the search sooner."""


class _Broken(Exception):
    """A promise is broken; Hypothesis simplifies what raises."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is drawn from.

    Attributes:
        pool: Faults that can strike, simplest first.
        sizes: The case at each size of its workload, smallest first.
        until_ns: Last instant at which anything was seen to happen.
        rooms: Plans that changed something, each with the faults that only they make room for.
    """

    pool: Sequence[Fault]
    sizes: Sequence[Case]
    until_ns: int
    rooms: Sequence[tuple[tuple[Fault, ...], tuple[Fault, ...]]] = ()


def search_at_random(trials: Trials, ground: Ground, *, seed: int, until: Callable[[], bool]) -> None:
    """Search until enough is known, the budget is used up, or there is nothing new.

    Args:
        trials: Runs cases, and keeps what broke.
        ground: What is drawn from.
        seed: Decides all that is drawn.
        until: Says whether enough is known.

    Raises:
        Spent: The budget is used up.
    """
    import hypothesis

    broken_at: list[int] = []

    def attempt(case: Case) -> None:
        if trials.budget.share_of(trials.count) >= 1 or (broken_at and trials.count > broken_at[0] + SHRINKS_MAX):
            raise Spent
        trial = trials.try_(case)
        if trial is None:
            return
        outcome = trial.outcome
        hypothesis.target(outcome.latency_ms, label="latency")
        hypothesis.target(float(outcome.retries), label="retries")
        hypothesis.target(float(outcome.queue), label="queue")
        if trial.broken and until():
            broken_at.append(trials.count)
            raise _Broken

    settings = hypothesis.settings(
        max_examples=EXAMPLES_MAX,
        database=None,
        deadline=None,
        derandomize=False,  # the hunt's seed decides instead
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.target, hypothesis.Phase.shrink),
    )
    search = hypothesis.seed(seed)(settings(hypothesis.given(drawn_cases(ground))(attempt)))
    try:
        search()
    except (_Broken, hypothesis.errors.Flaky, hypothesis.errors.Unsatisfiable):
        return


def drawn_cases(ground: Ground) -> SearchStrategy[Case]:
    """Return a strategy of cases: a size, a plan, a schedule."""
    from hypothesis import strategies

    free = _chosen(COUNTS).flatmap(lambda count: strategies.tuples(*[_faults(ground, ground.pool)] * count))
    plans = free
    if ground.rooms:  # every other plan begins with one that made room for others, which come next
        entered = _chosen(ground.rooms).flatmap(
            lambda room: strategies.tuples(strategies.just(room[0]), _faults(ground, room[1])).map(_joined)
        )
        plans = strategies.booleans().flatmap(lambda is_free: free if is_free else entered)
    return strategies.builds(_case, _chosen(ground.sizes), plans, _chosen(SEEDS))


def _case(size: Case, plan: tuple[Fault, ...], schedule: int) -> Case:
    return replace(size, plan=tuple(dict.fromkeys(plan)), seed=size.seed + schedule)


def _joined(drawn: tuple[tuple[Fault, ...], Fault]) -> tuple[Fault, ...]:
    return (*drawn[0], drawn[1])


def _faults(ground: Ground, pool: Sequence[Fault]) -> SearchStrategy[Fault]:
    from hypothesis import strategies

    instants = _chosen(range(1, INSTANTS + 1)).map(lambda part: ground.until_ns * part // INSTANTS)
    return strategies.builds(_varied, _chosen(pool), _chosen(range(8)), instants)


def _varied(fault: Fault, way: int, at_ns: int) -> Fault:
    """Return a fault as it is, or at another occasion or instant, or by chance."""
    changes: dict[str, Any] = {}
    if way >= 4 and not fault.occurrence and fault.from_ns:
        end_ns = None if fault.until_ns is None else at_ns + fault.until_ns - fault.from_ns
        changes = {"from_ns": at_ns, "until_ns": end_ns}
    elif way == 7 and fault.kind in BY_CHANCE:
        changes = {"occurrence": 0, "probability": CHANCES[at_ns % len(CHANCES)]}
    elif way >= 4 and fault.occurrence:
        changes = {"occurrence": OCCURRENCES[at_ns % len(OCCURRENCES)]}
    try:
        return replace(fault, **changes)
    except StudioError:
        return fault


def _chosen(values: Sequence[Value]) -> SearchStrategy[Value]:
    """Return a strategy of one of some values, drawn bit by bit; no bit set is the first of them."""
    from hypothesis import strategies

    bits = (len(values) - 1).bit_length() + 3  # a few more make the choice even

    def pick(drawn: tuple[bool, ...]) -> Value:
        return values[sum(bit << place for place, bit in enumerate(drawn)) % len(values)]

    return strategies.tuples(*[strategies.booleans()] * bits).map(pick)
