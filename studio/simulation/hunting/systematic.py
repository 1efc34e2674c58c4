"""Search plans systematically: no fault, then one, then two and more, each at the smallest workload first.

Candidates for the next fault are those of the places that the run under the plan reveals: retries and compensations
come up only there. A plan whose outcome is that of a plan before it is not extended, since what follows would be the
same again: so of two faults only those meet that changed something by themselves, or that the other one revealed.

Under its whole workload, where work piles up, a system meets single faults only, and of them those that last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from studio.model.fault import Fault
from studio.simulation.case import Case
from studio.simulation.hunting.candidates import Candidate, candidates_of
from studio.simulation.hunting.places import Place
from studio.simulation.hunting.trials import Trial, Trials

__all__ = ["FAULTS_MAX", "Explored", "Search"]

FAULTS_MAX = 3
"""Faults in a plan of the systematic search; beyond it there are too many to visit in order."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A plan that was run at one size.

    Attributes:
        faults: Keys of its faults, sorted: plans that differ in order only are one.
        plan: Its faults.
        trial: What its run showed.
        is_new: Whether its outcome is none of those before it.
    """

    faults: Key
    plan: tuple[Fault, ...]
    trial: Trial
    is_new: bool


@dataclass(slots=True)
class Explored:
    """What the search has seen at one size of the workload.

    Attributes:
        case: At this size, without faults.
        levels: Nodes by the number of their faults.
        single: Candidates that the run without faults reveals.
        met: Plans that were run or found to fit nothing.
        outcomes: Signatures seen so far.
        planned: Plans known at each number of faults.
        equal: Plans of one fault whose outcome another has as well.
    """

    case: Case
    levels: dict[int, list[Node]] = field(default_factory=dict)
    single: dict[str, Candidate] = field(default_factory=dict)
    met: dict[Key, None] = field(default_factory=dict)
    outcomes: dict[tuple[object, ...], Key] = field(default_factory=dict)
    planned: dict[int, int] = field(default_factory=dict)
    equal: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is the scenario's own workload."""
        return self.case.sends is None

    def __str__(self) -> str:
        sent = len(self.case.sends or ())
        return "the whole workload" if self.is_whole else f"{sent} message{'s' * (sent != 1)}"


class Search:
    """The systematic part of a hunt.

    Args:
        trials: Runs cases, and keeps what broke.
        sizes: The case at each size of its workload, without faults.
        kinds: Kinds of faults to try; None for all.
        until: Says, after each run, whether enough is known.
    """

    def __init__(
        self, trials: Trials, sizes: list[Case], kinds: Collection[str] | None, until: Callable[[], bool]
    ) -> None:
        self._trials, self._kinds, self._until = trials, kinds, until
        self.sizes = [Explored(case) for case in sizes]
        self.places: dict[tuple[str, str, int], Place] = {}
        self.struck: dict[tuple[str, str, int], None] = {}
        self.candidates: dict[str, Candidate] = {}
        self.is_exhausted = False

    def run(self) -> None:
        """Search until enough is known or nothing is left.

        Raises:
            Spent: The budget is used up.
        """
        for count in range(FAULTS_MAX + 1):
            for size in self.sizes:
                if size.is_whole and count > 1:
                    continue
                self._trials.phase = f"{count} fault{'s' * (count != 1)} at {size}"
                if self._level(size, count):
                    return
        self.is_exhausted = True

    def changed(self) -> list[Node]:
        """Return the plans that led to outcomes of their own, fewest faults first."""
        nodes = [node for size in self.sizes for level in size.levels.values() for node in level]
        return sorted((node for node in nodes if node.is_new), key=lambda node: len(node.plan))

    def rooms(self) -> list[tuple[tuple[Fault, ...], tuple[Fault, ...]]]:
        """Return the plans that led to outcomes of their own, each with the faults for which it made room."""
        found = []
        for size in self.sizes:
            for node in (node for level in size.levels.values() for node in level if node.is_new and node.plan):
                made = candidates_of(node.trial.places, self._kinds)
                revealed = tuple(each.fault for each in made if each.key not in size.single)
                if revealed:
                    found.append((node.plan, revealed))
        return found

    def _level(self, size: Explored, count: int) -> bool:
        """Run the plans of so many faults; say whether to stop."""
        plans = list(self._plans(size, count))
        size.planned[count] = len(plans)
        size.levels[count] = []
        for done, (faults, plan) in enumerate(plans):
            self._trials.left = len(plans) - done - 1
            trial = self._trials.try_(size.case.with_plan(*plan))
            size.met[faults] = None
            if trial is None:
                continue
            self._take(size, faults, plan, trial)
            if self._until():
                return True
        return False

    def _take(self, size: Explored, faults: Key, plan: tuple[Fault, ...], trial: Trial) -> None:
        """Note what a run under a plan showed."""
        signature = trial.outcome.signature
        is_new = signature not in size.outcomes
        size.outcomes.setdefault(signature, faults)
        size.levels[len(plan)].append(Node(faults, plan, trial, is_new))
        size.equal += len(plan) == 1 and not is_new
        for place in trial.places:
            self.places.setdefault(place.key, place)
        if trial.outcome.strikes:
            self.struck |= dict.fromkeys(self.candidates[key].place.key for key in faults)
        made = {each.key: each for each in candidates_of(trial.places, self._kinds)}
        self.candidates = made | self.candidates
        if not plan:
            size.single = made

    def _plans(self, size: Explored, count: int) -> Iterator[tuple[Key, tuple[Fault, ...]]]:
        """Yield the plans of so many faults that are worth a run, in order."""
        if count == 0:
            yield (), ()
        elif size.is_whole:
            yield from (((key,), (each.fault,)) for key, each in size.single.items() if each.is_lasting)
        elif count == 1:
            dull = _dull_families(self.sizes[0]) if size is not self.sizes[0] else {}
            yield from (((key,), (each.fault,)) for key, each in size.single.items() if each.family not in dull)
        else:
            ranked = sorted(self._extensions(size, count), key=lambda each: each[0])
            plans = {faults: plan for _, faults, plan in reversed(ranked) if faults not in size.met}
            yield from reversed(plans.items())

    def _extensions(self, size: Explored, count: int) -> Iterator[tuple[int, Key, tuple[Fault, ...]]]:
        """Yield each plan worth extending with each fault worth adding, ranked by the ranks of both.

        A plan that breaks something comes last, for what breaks more after it would break with one fault less.
        """
        parents = [node for node in size.levels[count - 1] if node.is_new]
        parents.sort(key=lambda node: bool(node.trial.broken))
        changing = [node.faults[0] for node in size.levels[1] if node.is_new]
        for rank, parent in enumerate(parents):
            made = candidates_of(parent.trial.places, self._kinds)
            revealed = [each for each in made if each.key not in size.single]
            known = [size.single[key] for key in changing]
            for options in (revealed, known):
                for place, candidate in enumerate(options):
                    if candidate.key not in parent.faults:
                        faults = tuple(sorted((*parent.faults, candidate.key)))
                        yield rank + place, faults, (*parent.plan, candidate.fault)


def _dull_families(size: Explored) -> dict[tuple[object, ...], None]:
    """Return the families of faults none of which changed anything: at a larger workload they are left out."""
    new = {size.single[node.faults[0]].family for node in size.levels[1] if node.is_new}
    return dict.fromkeys(each.family for each in size.single.values() if each.family not in new)
