"""Hunt: find the fewest faults that break a promise of a scenario, and say what the verdict rests on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from studio.errors import InvalidBudget, NothingToHunt, UnknownInvariant, nearest
from studio.graph.system import Build, System
from studio.model.duration import duration_ns
from studio.model.scenario import Scenario
from studio.simulation.case import Case
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.kept import remember
from studio.simulation.current import build_of, current_system
from studio.simulation.hunting.candidates import check_kinds
from studio.simulation.hunting.coverage import Coverage, coverage_of
from studio.simulation.hunting.generative import Ground, search_at_random
from studio.simulation.hunting.hunt_text import hunt_text
from studio.simulation.hunting.shrinking import Shrinker
from studio.simulation.hunting.sizes import cut, sizes_of
from studio.simulation.hunting.systematic import Search
from studio.simulation.hunting.trials import Budget, HuntProgress, Spent, Trial, Trials
from studio.simulation.promises.promised import promises_of
from studio.simulation.stage import scenario_of

__all__ = ["Hunt", "hunt"]

RUNS = 200
SHRINKS_MAX = 100
"""Runs for shrinking one counterexample."""
SYSTEMATIC = 0.5
"""Share of the budget after which the search goes on at random."""
SIZES = (1, 2, 3, 5, 8)
"""Messages to each address that the search at random draws from, besides the whole workload."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What a hunt found, and what that rests on.

    Attributes:
        scenario: What was hunted.
        seed: Of the scenario's runs; with the sources and the budget in runs it decides the hunt.
        counterexamples: One for each broken invariant, minimal, the simplest first.
        runs: Of the search.
        shrinking_runs: Of shrinking what it found.
        elapsed_s: The machine's seconds.
        coverage: What the verdict rests on.
        is_interrupted: Whether it was stopped by hand.
        is_exhausted: Whether every plan up to three faults was tried, or left out as equal to one that was.
        set_aside: How many faults of the scenario's own it did without.
        unshrunk: Invariants whose counterexample may not be minimal yet: shrinking was stopped, or came to its bound.
    """

    scenario: str
    seed: int
    counterexamples: tuple[Counterexample, ...]
    runs: int
    shrinking_runs: int
    elapsed_s: float
    coverage: Coverage
    is_interrupted: bool = False
    is_exhausted: bool = False
    set_aside: int = 0
    unshrunk: tuple[str, ...] = ()

    @property
    def counterexample(self) -> Counterexample | None:
        """Return the simplest counterexample; None where nothing broke."""
        return self.counterexamples[0] if self.counterexamples else None

    @property
    def covered(self) -> tuple[str, ...]:
        """Return the places at which a fault struck."""
        return self.coverage.covered

    @property
    def left(self) -> tuple[str, ...]:
        """Return the places that were seen and at which none did."""
        return self.coverage.left

    @property
    def unfed(self) -> tuple[str, ...]:
        """Return the invariants that never saw data."""
        return self.coverage.unfed

    def __str__(self) -> str:
        return hunt_text(self)

    __repr__ = __str__


def hunt(  # noqa: PLR0913 - all but the first by keyword
    scenario: str | Scenario | Case,
    *,
    system: System | Build | None = None,
    runs: int | None = None,
    duration: str | None = None,
    seed: int | None = None,
    bus: str = "",
    kinds: Collection[str] | None = None,
    invariants: Collection[str] | None = None,
    every: bool = False,
    progress: Callable[[HuntProgress], None] | None = None,
) -> Hunt:
    """Search for the fewest faults that break a promise, and shrink them to the smallest story.

    The scenario's own faults are set aside. First come plans of no fault, of one, of two, at a workload of one message
    to each address and then of two; when they are done, or half of the budget, Hypothesis draws plans, instants, sizes
    and schedules. It ends with the first run that breaks a promise of the author's; promises that are built in are
    told of, too. Equal sources, scenario, seed and runs give equal hunts. Stopped by hand it returns what is known.

    Args:
        scenario: Name of a declared one, or the scenario itself, or a case of it.
        system: What is hunted; by default the notebook's.
        runs: At most so many, shrinking aside; 200 where no duration is given either.
        duration: Of the machine's time, such as `60s`.
        seed: Of the runs and of the search; by default the scenario's.
        bus: Delivery model instead of the scenario's: `jetstream`, `rabbitmq` or `kafka`.
        kinds: Kinds of faults to try, such as `["lose", "crash"]`; all by default.
        invariants: Names of those to break; all by default.
        every: Whether to go on until each is broken or the budget is used up.
        progress: Told after every run.

    Raises:
        UnknownScenario: It is not declared.
        NothingToHunt: No work arrives in it, or nothing is promised.
        UnknownFaultKind: A kind that a hunt cannot make.
        UnknownInvariant: One that is not declared.
        InvalidBudget: No run, or no time.
        UnknownBus: There is no such delivery model.

    Example:
        found = studio.hunt("checkout", duration="60s")
    """
    build = build_of(system)
    name = scenario if isinstance(scenario, str) else scenario.scenario if isinstance(scenario, Case) else scenario.name
    declared = scenario_of(build, name, seed)
    case = scenario if isinstance(scenario, Case) else Case(name)
    case = replace(case.strict, plan=(), seed=declared.seed if seed is None else seed, bus=bus or case.bus)
    trials = Trials(build, _budget(runs, duration), None if invariants is None else tuple(invariants), progress)
    found = _Hunting(trials, case, declared, check_kinds(kinds), every=every).run()
    hunted = current_system() if system is None else system
    if isinstance(hunted, System):  # edits are held against it from now on; a build is not edited
        for each in found.counterexamples:
            remember(each, hunted)
    return found


def _budget(runs: int | None, duration: str | None) -> Budget:
    time_s = 0.0 if duration is None else duration_ns(duration) / 1e9
    if (runs is not None and runs < 1) or (duration is not None and time_s <= 0):
        raise InvalidBudget(budget=f"runs={runs}" if runs is not None and runs < 1 else f"duration={duration}")
    return Budget(RUNS if runs is None and duration is None else runs or 0, time_s)


@dataclass(slots=True)
class _Hunting:
    """A hunt under way."""

    trials: Trials
    case: Case
    declared: Scenario
    kinds: Collection[str] | None
    every: bool
    search: Search = field(init=False)
    shrinking: Trials = field(init=False)
    is_interrupted: bool = False
    unshrunk: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.search = Search(self.trials, [], self.kinds, self.is_enough)
        self.shrinking = Trials(self.trials.build, Budget(0), progress=self.trials.progress)

    def is_enough(self) -> bool:
        """Say whether what was looked for is found: any promise of the author's, or all."""
        wanted = self.trials.watched or tuple(self.trials.build.graph.invariants)
        found = [name for name in wanted if name in self.trials.found]
        if self.every:
            return bool(wanted) and len(found) == len(wanted)
        return bool(found) or (not wanted and bool(self.trials.found))

    def run(self) -> Hunt:
        """Search, shrink, and tell."""
        try:
            self._search()
        except KeyboardInterrupt:
            self.is_interrupted = True
        trials = self.trials
        found = sorted(trials.found.items(), key=lambda each: each[0] not in trials.build.graph.invariants)
        counterexamples = tuple(self._shrunk(name, trial) for name, trial in found)
        return Hunt(
            scenario=self.case.scenario,
            seed=self.case.seed,
            counterexamples=counterexamples,
            runs=trials.count,
            shrinking_runs=self.shrinking.count,
            elapsed_s=trials.budget.elapsed_s,
            coverage=coverage_of(trials, self.search, self.case.scenario_in(trials.build), self.kinds),
            is_interrupted=self.is_interrupted,
            is_exhausted=self.search.is_exhausted,
            set_aside=len(self.declared.faults),
            unshrunk=tuple(self.unshrunk),
        )

    def _search(self) -> None:
        """Run the whole workload without faults; then search, in order and at random."""
        trials = self.trials
        trials.phase, trials.unfed = "no fault", {*trials.build.graph.invariants}
        try:
            first = trials.try_(self.case)
            assert first is not None  # a run without faults is never left out
            self._check(first)
            self.search = Search(trials, sizes_of(self.case, first.sends), self.kinds, self._is_half_done)
            if not self.is_enough():
                self.search.run()
            if not self.is_enough():
                self._search_at_random(first)
        except Spent:
            return

    def _check(self, first: Trial) -> None:
        """Refuse to hunt for what cannot be found."""
        if not first.places:
            raise NothingToHunt(
                scenario=self.case.scenario,
                reason="nothing was called, published or written in its run",
                remedy_text="Let work arrive: workload($.Order.created, rate_per_s=1).",
            )
        known = (*self.trials.build.graph.invariants, *(each.name for each in promises_of(self.declared)))
        for name in self.trials.watched or ():
            if name not in known:
                raise UnknownInvariant(name=name, known=nearest(name, known))
        if not known:
            raise NothingToHunt(
                scenario=self.case.scenario,
                reason="nothing is promised",
                remedy_text="State what must hold in an %%invariant cell.",
            )

    def _is_half_done(self) -> bool:
        return self.is_enough() or self.trials.budget.share_of(self.trials.count) >= SYSTEMATIC

    def _search_at_random(self, first: Trial) -> None:
        """Draw from all faults, twice as often from those that changed something; small workloads and the whole."""
        trials, search = self.trials, self.search
        changed = list(dict.fromkeys(fault for node in search.changed() for fault in node.plan))
        known = [each.fault for each in search.candidates.values()]
        if not known:
            return
        pool = (*changed * (2 * len(known) // max(len(changed), 1)), *known)
        workloads = dict.fromkeys(cut(first.sends, count) for count in SIZES)
        sizes = [*(replace(self.case, sends=sends) for sends in workloads), self.case]
        until_ns = max(place.times_ns[-1] for place in first.places)
        before, trials.phase, trials.left = trials.count, "at random", 0
        try:
            search_at_random(
                trials, Ground(pool, sizes, until_ns, search.rooms()), seed=self.case.seed, until=self.is_enough
            )
        finally:
            trials.random = trials.count - before

    def _shrunk(self, name: str, trial: Trial) -> Counterexample:
        """Return the smallest counterexample that can be made of a trial; what is known when stopped by hand."""
        trials = self.shrinking
        trials.phase = f"shrinking {name}"

        def breaks(case: Case) -> bool:
            found = trials.try_(case)
            return found is not None and name in found.broken

        shrinker = Shrinker(trial.case, breaks, tries_max=SHRINKS_MAX)
        try:
            if not self.is_interrupted:
                shrinker.write_out(trial.sends)
                shrinker.run()
        except KeyboardInterrupt:
            self.is_interrupted = True
        self.unshrunk += [] if shrinker.is_done else [name]
        best = trials.known.get(shrinker.best.as_json()) or trial
        assert best.run is not None
        return Counterexample.of(trials.build, best.case, name, best.run)
