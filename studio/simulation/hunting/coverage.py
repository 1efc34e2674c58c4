"""Say what a hunt's verdict rests on: what was tried, what is left, what never came up, what is not modelled at all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from studio.graph.build import Graph
from studio.model.fault import KINDS
from studio.model.scenario import Scenario
from studio.simulation.hunting.recipes import TABLE
from studio.simulation.hunting.systematic import Search
from studio.simulation.hunting.trials import Trials
from studio.simulation.summary import never_ran, some

__all__ = ["Coverage", "coverage_of", "not_modelled"]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many.

    Attributes:
        covered: Tried.
        left: Known, and not tried.
        equal: Known, and not worth a try, since its outcome is that of others.
    """

    covered: int = 0
    left: int = 0
    equal: int = 0

    def __str__(self) -> str:
        return f"{self.covered:,} of {self.covered + self.left:,}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a verdict rests on.

    Attributes:
        covered: Places at which a fault struck.
        left: Places that were seen and at which none did.
        singles: Single faults tried, over all sizes of the workload.
        pairs: Pairs of faults tried; those left out count whose outcome cannot be new.
        random: Runs of the search at random.
        messages: Messages that were sent at each size.
        kinds: Kinds of faults that struck, each with the number of runs.
        untried: Kinds of faults that were meant and struck nowhere.
        only_asked: Kinds of faults that are tried only when they are asked for.
        unfed: Invariants that never saw data, in any run.
        promised: Studio's own promises that runs have tested.
        idle: What never ran, in any run.
        aborted: Runs that came to no verdict, by the code of their error.
        unmodelled: What no run of this scenario can show, in words.
    """

    covered: tuple[str, ...]
    left: tuple[str, ...]
    singles: Share
    pairs: Share
    random: int
    messages: tuple[int, ...]
    kinds: tuple[tuple[str, int], ...]
    untried: tuple[str, ...]
    only_asked: tuple[str, ...]
    unfed: tuple[str, ...]
    promised: tuple[str, ...]
    idle: tuple[str, ...]
    aborted: tuple[tuple[str, int], ...]
    unmodelled: tuple[str, ...]

    def gist(self) -> list[str]:
        """Return it in few sentences: how far the search came, what never came up, what no run can show."""
        places, kinds = len(self.covered) + len(self.left), len(self.kinds) + len(self.untried)
        struck = some([kind for kind, _ in self.kinds]) or "none"
        reach = f"struck at {len(self.covered):,} of {places:,} places, {len(self.kinds)} of {kinds} kinds ({struck})"
        found = [f"It rests on {self._tried()}; {reach}."] if places else ["It rests on runs without faults alone."]
        found += [f"Never saw data: {some(self.unfed)}."] if self.unfed else []
        found += [f"Never ran: {some(self.idle)}."] if self.idle else []
        found += self._aborted()
        return [*found, f"Not modelled: {'; '.join(self.unmodelled)}."] if self.unmodelled else found

    def _tried(self) -> str:
        sizes = " and ".join(f"{count:,}" for count in self.messages) or "no"
        tried = f"{self.singles} single faults and {self.pairs} pairs at {sizes} message{_s(self.messages)}"
        return tried + (f", and {self.random:,} runs at random" if self.random else "")

    def _aborted(self) -> list[str]:
        return [f"{count:,} run{'s' * (count > 1)} came to no verdict ({code})." for code, count in self.aborted]

    def lines(self) -> list[str]:
        """Return all of it in sentences."""
        found = [f"It rests on {self._tried()}."]
        places = len(self.covered) + len(self.left)
        found.append(f"Faults struck at {len(self.covered):,} of {places:,} places{_named('; not at ', self.left)}.")
        if self.kinds:
            found.append("Kinds that struck: " + ", ".join(f"{kind} ({count:,})" for kind, count in self.kinds) + ".")
        found += [f"Kinds that did not: {', '.join(self.untried)}."] if self.untried else []
        found += [f"Tried only when asked for: {', '.join(self.only_asked)}."] if self.only_asked else []
        found += [f"Never saw data: {some(self.unfed)}."] if self.unfed else []
        found += [f"Studio's own promises that were tested: {', '.join(self.promised)}."] if self.promised else []
        found += [f"Never ran: {some(self.idle)}."] if self.idle else []
        found += self._aborted()
        return found + [f"Not modelled: {each}." for each in self.unmodelled]


def coverage_of(trials: Trials, search: Search, scenario: Scenario, kinds: Collection[str] | None) -> Coverage:
    """Return what a hunt has covered.

    Args:
        trials: Its runs.
        search: Its systematic part.
        scenario: What was hunted.
        kinds: Kinds that were asked for; None for all.
    """
    aborted: dict[str, int] = {}
    for _, error in trials.aborted:
        aborted[error.code] = aborted.get(error.code, 0) + 1
    made = kinds or dict.fromkeys(recipe.kind for recipe in TABLE if not recipe.only_asked)
    asked = () if kinds else sorted({*KINDS} - {*made})
    return Coverage(
        covered=tuple(_words(key) for key in search.places if key in search.struck),
        left=tuple(_words(key) for key in search.places if key not in search.struck),
        singles=_share(search, 1),
        pairs=_share(search, 2),
        random=trials.random,
        messages=tuple(len(size.case.sends) for size in search.sizes if size.case.sends is not None),
        kinds=tuple(sorted(trials.kinds.items())),
        untried=tuple(sorted({*made} - {*trials.kinds})),
        only_asked=tuple(asked),
        unfed=tuple(sorted(trials.unfed)),
        promised=tuple(sorted(trials.promised)),
        idle=tuple(never_ran(trials.build.graph, trials.ran)),
        aborted=tuple(sorted(aborted.items())),
        unmodelled=tuple(not_modelled(trials.build.graph, scenario)),
    )


def not_modelled(graph: Graph, scenario: Scenario) -> list[str]:
    """Return what no run of a scenario can show, in words."""
    found = []
    if not scenario.service_times:
        found.append("overload (no service time is stated, so work takes no time)")
    if graph.externals:
        found.append(f"what real third parties do ({some(sorted(graph.externals))}: stubs)")
    found.append(f"brokers that promise less than the delivery model {scenario.bus}")
    return found


def _share(search: Search, count: int) -> Share:
    covered = sum(len(size.levels.get(count, ())) for size in search.sizes)
    tried = sum(1 for size in search.sizes for faults in size.met if len(faults) == count)
    planned = sum(size.planned.get(count, 0) for size in search.sizes)
    if not planned and count == 2:
        planned = sum(_pairs(len(size.single) - size.equal) for size in search.sizes)
    equal = sum(size.equal for size in search.sizes)
    return Share(covered, max(planned - tried, 0), equal)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _words(key: tuple[str, str, int]) -> str:
    kind, name, replica = key
    return f"{kind} {name}" + (f" {replica}" if replica else "")


def _named(lead: str, names: Collection[str]) -> str:
    return lead + some(names) if names else ""


def _s(counts: Collection[int]) -> str:
    return "" if list(counts) == [1] else "s"
