"""Remember what came of the latest run, campaign or hunt of each scenario, as far as a sidebar tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from studio.errors import StudioError
from studio.graph.build import Graph
from studio.graph.system import System
from studio.notebook.cards.wording import count, listed
from studio.simulation.campaign.campaign import Campaign
from studio.simulation.hunting.hunt import Hunt
from studio.simulation.run import Run

__all__ = ["Outcome", "Outcomes"]

SCENARIOS_MAX = 200
State = Literal["held", "failed", "open"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario when it was run last.

    Attributes:
        scenario: Its name.
        state: `held`, `failed`, or `open` where it was stopped before its end and nothing was broken by then.
        text: What came of it, in a few words.
        seed: Of the run, or the first that failed; None where none stands out.
        violated: The promises that were broken, sorted.
        sources: Hash of the code that ran.
    """

    scenario: str
    state: State
    text: str
    seed: int | None
    violated: tuple[str, ...]
    sources: str = ""


class Outcomes:
    """The latest outcome of each scenario; the results themselves are not kept."""

    def __init__(self) -> None:
        self._by_scenario: dict[str, Outcome] = {}
        self._seen: list[tuple[type[Any], int, int]] = []
        self._digest: tuple[Graph | None, str] = (None, "")

    def note(self, results: Iterable[Any], system: System) -> None:
        """Take results over, each once; what is no result is passed by."""
        for result in results:
            outcome = self._outcome(result)
            if outcome is not None and outcome.scenario:
                build = getattr(result, "build", None)
                sources = self._sources(system) if build is None else build.digest
                self._by_scenario.pop(outcome.scenario, None)
                self._by_scenario[outcome.scenario] = replace(outcome, sources=sources)
        while len(self._by_scenario) > SCENARIOS_MAX:
            del self._by_scenario[next(iter(self._by_scenario))]

    def of(self, scenario: str) -> Outcome | None:
        """Return what came of a scenario; None before it was run."""
        return self._by_scenario.get(scenario)

    def is_older(self, outcome: Outcome, system: System) -> bool:
        """Tell whether the code is another by now."""
        return outcome.sources != self._sources(system)

    def _sources(self, system: System) -> str:
        """Return the hash of a system's code, empty where it cannot run; worked out once for each change."""
        if self._digest[0] is not system.graph:
            try:
                self._digest = (system.graph, system.build().digest)
            except StudioError:
                self._digest = (system.graph, "")
        return self._digest[1]

    def _outcome(self, result: Any) -> Outcome | None:
        make = next((make for kind, make in _MAKERS.items() if isinstance(result, kind)), None)
        if make is None:
            return None
        key = (type(result), id(result), getattr(result, "number", 0))
        if key in self._seen:
            return None
        self._seen = [*self._seen[-7:], key]
        outcome: Outcome | None = make(result)
        return outcome


def _of_run(run: Run) -> Outcome | None:
    if run.status == "running":
        return None
    violated = tuple(sorted(set(run.violations["invariant"])))
    state: State = "failed" if violated else "held" if run.status == "finished" else "open"
    return Outcome(run.scenario, state, _told(run.status, violated), run.seed, violated)


def _told(status: str, violated: tuple[str, ...]) -> str:
    if violated:
        return f"{listed(list(violated))} broken"
    return "held" if status == "finished" else status


def _of_campaign(campaign: Campaign) -> Outcome:
    failing = campaign.failing
    violated = tuple(sorted(set(campaign.violations["invariant"])))
    done = count(campaign.seeds.height, "seed")
    state: State = "failed" if not campaign.is_fine else "held" if campaign.status == "finished" else "open"
    text = f"{len(failing)} of {done} failed" if failing else f"{done} held"
    if campaign.differing:
        text = f"{text}, {len(campaign.differing)} not deterministic"
    return Outcome(campaign.scenario, state, text, failing[0] if failing else None, violated)


def _of_hunt(hunt: Hunt) -> Outcome | None:
    found = hunt.counterexamples
    violated = tuple(sorted({each.invariant for each in found}))
    state: State = "failed" if found else "open" if hunt.is_interrupted else "held"
    runs = count(hunt.runs, "run")
    text = f"{count(len(found), 'counterexample')} in {runs}" if found else f"nothing broke in {runs}"
    return Outcome(hunt.scenario, state, text, hunt.seed, violated)


_MAKERS: dict[type[Any], Any] = {Run: _of_run, Campaign: _of_campaign, Hunt: _of_hunt}
