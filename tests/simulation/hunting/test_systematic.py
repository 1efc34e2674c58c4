"""The systematic search: in which order plans are run, and which of them are left out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from studio.graph.system import Build
from studio.simulation.case import Case, Sent
from studio.simulation.hunting.sizes import cut, sizes_of
from studio.simulation.hunting.systematic import Search
from studio.simulation.hunting.trials import Budget, Spent, Trials

SENDS = tuple(Sent(at * 10**9, "Thing.made", f'{{"id":"{name}"}}') for at, name in enumerate("abc"))


def search(build: Build, kinds: list[str], runs: int = 200) -> tuple[Search, Trials]:
    """Search to the end, or as far as the budget goes."""
    trials = Trials(build, Budget(runs))
    made = Search(trials, sizes_of(Case("calm"), SENDS), kinds, lambda: False)
    with suppress(Spent):
        made.run()
    return made, trials


def test_sizes_are_one_and_two_messages_of_each_address_and_the_whole() -> None:
    sends = (*SENDS, Sent(9 * 10**9, "Thing.seen", '{"id":"a"}'))
    assert [len(case.sends or ()) for case in sizes_of(Case("calm"), sends)] == [2, 3, 0]
    assert cut(sends, 1) == (SENDS[0], sends[-1])
    assert len(sizes_of(Case("calm"), SENDS[:1])) == 1


def test_fewest_faults_come_first_each_at_the_smallest_workload_first(sound: Build) -> None:
    order: list[str] = []
    trials = Trials(sound, Budget(60), progress=lambda progress: order.append(progress.phase))
    with pytest.raises(Spent):
        Search(trials, sizes_of(Case("calm"), SENDS), None, lambda: False).run()
    assert list(dict.fromkeys(order))[:6] == [
        "0 faults at 1 message", "0 faults at 2 messages", "0 faults at the whole workload",
        "1 fault at 1 message", "1 fault at 2 messages", "1 fault at the whole workload",
    ]  # fmt: skip


def test_plan_with_the_outcome_of_another_is_not_extended(sound: Build) -> None:
    made, _ = search(sound, ["crash-point"], runs=30)
    size = made.sizes[0]
    dull = {node.faults[0] for node in size.levels[1] if not node.is_new}
    assert dull
    assert size.levels[2]
    assert not [node for node in size.levels[2] if dull & set(node.faults)]


def test_faults_that_another_reveals_are_tried_with_it_and_no_plan_twice(spare: Build) -> None:
    made, trials = search(spare, ["lose"], runs=45)
    size = made.sizes[0]
    targets = {tuple(sorted(fault.target for fault in node.plan)) for node in size.levels[2]}
    assert ("First.charge", "Spare.charge") in targets
    assert "Spare.charge" not in {candidate.fault.target for candidate in size.single.values()}
    assert all(len({node.faults for node in level}) == len(level) for level in size.levels.values())
    assert trials.count == len(trials.known)


def test_search_ends_when_nothing_is_left(sound: Build) -> None:
    made, trials = search(sound, ["duplicate"])
    assert made.is_exhausted
    assert trials.count < 20


def test_case_that_was_tried_costs_nothing(sound: Build) -> None:
    trials = Trials(sound, Budget(1))
    case = Case("calm", sends=SENDS[:1])
    assert trials.try_(case) is trials.try_(case)
    assert trials.count == 1
    with pytest.raises(Spent):
        trials.try_(replace(case, seed=1))
