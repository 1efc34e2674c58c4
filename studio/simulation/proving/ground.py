"""Find something to run that reaches a place: a declared scenario without its faults, or messages of made data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from studio.errors import StudioError
from studio.graph.system import Build
from studio.model.fault import Fault
from studio.model.scenario import Scenario, Workload
from studio.simulation.case import Case
from studio.simulation.hunting.sizes import cut, sends_of
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["MADE", "Ground", "Grounds"]

MADE = "(made)"
MESSAGES = 2
"""Messages to each address that a ground sends: enough to see what happens to the second because of the first."""
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Something to run, and its run without faults.

    Attributes:
        what: A case of a declared scenario, or a scenario of made data.
        name: Of the scenario.
        quiet: The run without faults.
        reached: Addresses, third parties and saga steps that it reaches.
    """

    what: Case | Scenario
    name: str
    quiet: Run
    reached: frozenset[str]


class Grounds:
    """The grounds of a build, each run once without faults; counts all runs.

    Args:
        build: What is looked at.
    """

    def __init__(self, build: Build) -> None:
        self.build = build
        self.runs = 0
        self._declared: dict[str, Ground | None] = {}
        self._made: dict[str, Ground | None] = {}

    def reaching(self, subjects: Collection[str], entries: Sequence[str]) -> Ground | None:
        """Return what reaches all subjects; None where nothing that can be run does.

        Args:
            subjects: Addresses, third parties or saga steps (`Saga.step`).
            entries: Addresses to send made data to, where no declared scenario will do.
        """
        for name in self.build.graph.scenarios:
            ground = self._of_scenario(name)
            if ground is not None and ground.reached.issuperset(subjects):
                return ground
        for address in entries:
            ground = self._of_address(address)
            if ground is not None and ground.reached.issuperset(subjects):
                return ground
        return None

    def run(self, what: Case | Scenario, plan: Sequence[Fault]) -> Run:
        """Run it under faults, its records in memory."""
        self.runs += 1
        return simulate(what, faults=plan, system=self.build, log=Log.memory(), keep=False)

    def _of_scenario(self, name: str) -> Ground | None:
        if name not in self._declared:
            whole = self._try(Case(name, self.build.graph.scenarios[name].seed).strict, name)
            if whole is not None and isinstance(whole.what, Case):
                sends = cut(sends_of(whole.quiet.log.records()), MESSAGES)
                small = self._try(replace(whole.what, sends=sends), name) if sends else whole
                whole = small or whole
            self._declared[name] = whole
        return self._declared[name]

    def _of_address(self, address: str) -> Ground | None:
        if address not in self._made:
            scenario = Scenario(MADE, duration="5s")
            work = Workload(address, count=MESSAGES, every_ns=_SECOND_NS, until_ns=4 * _SECOND_NS)
            scenario.workloads.append(work)
            self._made[address] = self._try(scenario, MADE)
        return self._made[address]

    def _try(self, what: Case | Scenario, name: str) -> Ground | None:
        try:
            run = self.run(what, ())
        except StudioError:  # it cannot be run at present: other findings say why
            return None
        return Ground(what, name, run, _reached(run))


def _reached(run: Run) -> frozenset[str]:
    """Return what a run reached: addresses that were handled, third parties that were asked, steps that ran."""
    rows = run.sql("select distinct name from spans where kind in ('handle', 'step', 'compensation')").iter_rows()
    names = [str(name) for (name,) in rows]
    return frozenset({*names, *(name.partition(" ")[0] for name in names)})
