"""Run cases for a hunt, each once, within its budget, and keep the account of what they came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from studio.errors import InvalidFault, StudioError, UnfitTarget, UnknownTarget
from studio.graph.system import Build
from studio.records import Record
from studio.simulation.case import Case, Sent
from studio.simulation.hunting.complexity import complexity
from studio.simulation.hunting.outcome import Outcome, outcome_of
from studio.simulation.hunting.places import Place, places_of
from studio.simulation.hunting.sizes import sends_of
from studio.simulation.hunting.taking import TakingLog
from studio.simulation.run import Run
from studio.simulation.simulate import simulate

__all__ = ["Budget", "HuntProgress", "Spent", "Trial", "Trials"]


class Spent(BaseException):
    """A hunt's budget is used up; no `Exception`, so that no search takes it for a failing run."""


@dataclass(slots=True)
class Budget:
    """How much a hunt may do.

    Attributes:
        runs: At most; 0 for no bound.
        time_s: Of the machine's time; 0 for no bound.
        began_s: When the hunt began, by the machine.
    """

    runs: int
    time_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)

    def share_of(self, done: int) -> float:
        """Return how much of it is used, from 0 to 1."""
        by_runs = done / self.runs if self.runs else 0.0
        by_time = self.elapsed_s / self.time_s if self.time_s else 0.0
        return max(by_runs, by_time)

    @property
    def elapsed_s(self) -> float:
        """Return the machine's seconds since the hunt began."""
        return time.monotonic() - self.began_s


@dataclass(frozen=True, slots=True)
class HuntProgress:
    """How far a hunt is.

    Attributes:
        runs: Done so far.
        left: Plans that wait to be run, as far as known.
        share: Of the budget, from 0 to 1.
        phase: What it does: `faults=1 at 2 messages`, `at random`, `shrinking`.
        broken: Invariants broken so far.
    """

    runs: int
    left: int
    share: float
    phase: str
    broken: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = f", {self.left:,} left" if self.left else ""
        broken = f", broken: {', '.join(self.broken)}" if self.broken else ""
        return f"{self.phase}: {self.runs:,} run{'s' * (self.runs != 1)}{left}{broken}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run and what it showed.

    Attributes:
        case: What was run.
        outcome: What came of it.
        places: What it reveals.
        sends: Messages that came from outside.
        run: Its records, where it broke something; else None, to save memory.
    """

    case: Case
    outcome: Outcome
    places: tuple[Place, ...]
    sends: tuple[Sent, ...]
    run: Run | None = None

    @property
    def broken(self) -> frozenset[str]:
        """Return the names of the invariants that it broke."""
        return frozenset(self.outcome.violations)


@dataclass(slots=True)
class Trials:
    """The runs of a hunt.

    Attributes:
        build: What runs.
        budget: For the search.
        watched: Invariants that count; None for all.
        progress: Told after every run.
        count: Runs of the search so far.
        left: Plans of this phase that wait to be run.
        phase: What the hunt does.
        found: The simplest trial so far that broke each invariant, in the order in which they broke.
        aborted: Cases whose run could not be finished, and why.
        promised: Studio's own promises that runs have tested.
        unfed: Invariants that have not seen data in any run.
        ran: What was handled or compensated in any run.
        kinds: Kinds of faults in runs in which any struck, with their number.
        random: Runs of the search at random.
        known: Cases that were tried.
    """

    build: Build
    budget: Budget
    watched: Collection[str] | None = None
    progress: Callable[[HuntProgress], None] | None = None
    count: int = 0
    left: int = 0
    phase: str = ""
    found: dict[str, Trial] = field(default_factory=dict)
    aborted: list[tuple[Case, StudioError]] = field(default_factory=list)
    promised: set[str] = field(default_factory=set)
    unfed: set[str] = field(default_factory=set)
    ran: set[tuple[str, str, int]] = field(default_factory=set)
    kinds: dict[str, int] = field(default_factory=dict)
    random: int = 0
    known: dict[str, Trial | None] = field(default_factory=dict)

    def try_(self, case: Case) -> Trial | None:
        """Run a case, unless it was run before; None where its faults fit nothing or its run could not be finished.

        Raises:
            Spent: The budget is used up.
            RunInterrupted: Stopped by hand.
        """
        key = case.as_json()
        if key not in self.known:
            if self.budget.share_of(self.count) >= 1:
                raise Spent
            self.known[key] = self._tried(case)
        return self.known[key]

    def tell(self) -> None:
        """Tell how far the hunt is."""
        if self.progress is not None:
            is_bounded = bool(self.budget.runs or self.budget.time_s)
            share = min(self.budget.share_of(self.count), 1.0) if is_bounded else 1.0  # what shrinks has found already
            self.progress(HuntProgress(self.count, self.left, share, self.phase, tuple(self.found)))

    def _tried(self, case: Case) -> Trial | None:
        log = TakingLog()
        try:
            run = simulate(case, system=self.build, log=log, keep=False)
        except (UnfitTarget, UnknownTarget, InvalidFault) as error:
            if not case.plan:
                raise
            self._abort(case, error, counts=False)
            return None
        except StudioError as error:
            if not case.plan and not self.known:  # the first one: what it is about cannot be run at all
                raise
            self._abort(case, error)
            return None
        self.count += 1
        trial = self._trial(case, run, log.taken)
        self.tell()
        return trial

    def _abort(self, case: Case, error: StudioError, *, counts: bool = True) -> None:
        """Note a run that came to no verdict; a fault that fits nothing is no run at all."""
        if counts:
            self.count += 1
            self.aborted.append((case, error))
            self.tell()

    def _trial(self, case: Case, run: Run, records: Sequence[Record]) -> Trial:
        outcome = outcome_of(records)
        if self.watched is not None:
            kept = {name: rows for name, rows in outcome.violations.items() if name in self.watched}
            outcome.violations.clear()
            outcome.violations.update(kept)
        self.ran |= outcome.ran
        self.promised |= set(run.promised)
        if self.unfed:
            self.unfed &= run.unfed
        if outcome.strikes:
            for fault in case.plan:
                self.kinds[fault.kind] = self.kinds.get(fault.kind, 0) + 1
        places = tuple(places_of(records, self.build.graph))
        trial = Trial(case, outcome, places, sends_of(records), run if outcome.violations else None)
        for name in sorted(outcome.violations):
            if name not in self.found or complexity(case) < complexity(self.found[name].case):
                self.found[name] = trial
        return trial
