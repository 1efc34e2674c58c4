"""The search at random: what it draws hangs on the seed alone, and plans that make room for faults are built upon."""

from __future__ import annotations

import pytest

from studio import crash, lose
from studio.graph.system import Build
from studio.simulation.case import Case
from studio.simulation.hunting.generative import Ground, search_at_random
from studio.simulation.hunting.trials import Budget, Spent, Trials

FIRST, SPARE = lose("First.charge", occurrence=1), lose("Spare.charge", occurrence=1)
POOL = (lose("First.charge", leg="reply", occurrence=1), crash("Till", at="1s"))


def drawn(build: Build, seed: int) -> list[str]:
    """Return the cases of a search that finds nothing, in order."""
    trials = Trials(build, Budget(12))
    with pytest.raises(Spent):
        search_at_random(trials, Ground(POOL, [Case("calm")], 5 * 10**9), seed=seed, until=lambda: False)
    return list(trials.known)


def test_equal_seeds_draw_equal_cases(spare: Build) -> None:
    assert drawn(spare, 1) == drawn(spare, 1) != drawn(spare, 2)


def test_budget_bounds_it(spare: Build) -> None:
    assert len(drawn(spare, 3)) == 12


def test_plan_that_makes_room_for_a_fault_is_built_upon(spare: Build) -> None:
    trials = Trials(spare, Budget(40))
    ground = Ground(POOL, [Case("calm")], 5 * 10**9, [((FIRST,), (SPARE,))])
    search_at_random(trials, ground, seed=0, until=lambda: bool(trials.found))
    assert {fault.target for fault in trials.found["somebody_charged"].case.plan} >= {"First.charge", "Spare.charge"}
