"""Run a scenario from its first message until nothing is left to do, and say which promises held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.errors import HandlerStalledError, TimeStandsStillError, UnknownScenario, nearest
from studio.graph.system import Build, System
from studio.model.duration import duration_ns
from studio.model.fault import Fault
from studio.model.scenario import Scenario
from studio.simulation.arrivals import Arrivals
from studio.simulation.cluster import Cluster
from studio.simulation.current import build_of, set_latest
from studio.simulation.journal import default_log, info_of
from studio.simulation.outside import Outside
from studio.simulation.run import Run
from studio.simulation.stage import conditions_of, set_up
from studio.simulation.timetable import Timetable
from studio.simulation.verdict import Verdict
from studio.source.zone import utc_zone
from studio.store import Buffer, Log
from studio.store.shelf import Status

__all__ = ["Progress", "RunInterrupted", "scenario_of", "simulate"]

STRETCHES = 100
"""A run is driven in so many stretches, after each of which progress is told."""
MARKS = 5
"""How often *always* invariants are checked while work arrives."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        now_ns: Virtual time; `end_ns` when work stops arriving.
        records: Written so far.
    """

    now_ns: int
    end_ns: int
    records: int


class RunInterrupted(KeyboardInterrupt):
    """A run was stopped by hand; what it recorded is kept.

    Attributes:
        run: As far as it came.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(f"stopped; the records so far are run {run.number}")
        self.run = run


def simulate(
    scenario: str | Scenario,
    *,
    seed: int | None = None,
    system: System | Build | None = None,
    faults: Sequence[Fault] | None = None,
    duration: str | None = None,
    log: Log | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Run a scenario and return what happened.

    Equal sources, scenario and seed give equal records, byte for byte. Blocks until done, also inside a notebook's
    running loop.

    Args:
        scenario: Name of a declared one, or the scenario itself.
        seed: Decides all chance; by default the scenario's.
        system: What to run; by default the notebook's.
        faults: Plan instead of the scenario's.
        duration: Instead of the scenario's.
        log: Where records go; by default the process's log.
        progress: Told a hundred times in a run.

    Raises:
        UnknownScenario: It is not declared.
        EmptySystem: There is nothing to run.
        UnknownTarget: A fault, given or service time names what does not exist.
        RunInterrupted: Stopped by hand; `.run` holds what happened until then.

    Example:
        run = studio.simulate("payment_outage", seed=7)
    """
    build = build_of(system)
    chosen = scenario_of(build, scenario)
    number = chosen.seed if seed is None else seed
    plan = tuple(chosen.faults if faults is None else faults)
    shelf = default_log() if log is None else log
    conditions = conditions_of(build, chosen, number, plan)
    buffer = shelf.record(info_of(build, chosen.name, number))
    run = Run(shelf.live(buffer), build, plan)
    with utc_zone():
        cluster = set_up(build, conditions, buffer, chosen.givens)
        drive = _Drive(cluster, chosen, duration_ns(duration or chosen.duration), Verdict(run, buffer), buffer, progress)
        status: Status = "aborted"
        try:
            status = drive.run()
        except KeyboardInterrupt:
            status = "interrupted"
        except (HandlerStalledError, TimeStandsStillError):
            _finish(cluster, buffer, "aborted")
            raise
        _finish(cluster, buffer, status)
    finished = Run(shelf.run(buffer.run), build, plan)
    set_latest(finished)
    if status == "interrupted":
        raise RunInterrupted(finished)
    return finished


class _Drive:
    """One run, from its first message to its verdict."""

    def __init__(
        self,
        cluster: Cluster,
        scenario: Scenario,
        end_ns: int,
        verdict: Verdict,
        buffer: Buffer,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._cluster, self._scenario, self._end_ns = cluster, scenario, end_ns
        self._verdict, self._buffer, self._progress = verdict, buffer, progress
        self._timetable = Timetable(cluster)

    def run(self) -> Status:
        """Drive the run and check its invariants; say how it ended."""
        outside = Outside(self._cluster)
        for number, workload in enumerate(self._scenario.workloads, start=1):
            Arrivals(self._cluster, outside, workload, number).start()
        watched = any(each.mode == "always" for each in self._cluster.build.graph.invariants.values())
        for stretch in range(1, STRETCHES + 1):
            if not self._timetable.run_until_ns(self._end_ns * stretch // STRETCHES):
                return "interrupted"
            self._tell()
            if watched and stretch % (STRETCHES // MARKS) == 0 and stretch < STRETCHES:
                self._verdict.check(self._cluster.loop.now_ns, finally_=False)
        self._timetable.settle(self._end_ns + duration_ns(self._scenario.settle))
        self._verdict.check(self._cluster.loop.now_ns, finally_=True)
        return "finished"

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(Progress(self._cluster.loop.now_ns, self._end_ns, self._buffer.count))


def _finish(cluster: Cluster, buffer: Buffer, status: Status) -> None:
    cluster.close()
    buffer.finish(status, end_ns=cluster.loop.now_ns)


def scenario_of(build: Build, scenario: str | Scenario) -> Scenario:
    """Return a declared scenario.

    Raises:
        UnknownScenario: With the nearest names.
    """
    if isinstance(scenario, Scenario):
        return scenario
    if scenario not in build.graph.scenarios:
        raise UnknownScenario(name=scenario, known=nearest(scenario, build.graph.scenarios))
    return build.graph.scenarios[scenario]
