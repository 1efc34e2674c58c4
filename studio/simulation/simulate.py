"""Run a scenario from its first message until nothing is left to do, and say which promises held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from studio.graph.system import Build, System
from studio.model.duration import duration_ns, format_ns
from studio.model.fault import Fault
from studio.model.scenario import Scenario
from studio.simulation.arrivals import Arrivals
from studio.simulation.case import Case
from studio.simulation.cluster import Cluster, Conditions
from studio.simulation.current import build_of, set_latest
from studio.simulation.logbook import default_log, info_of
from studio.simulation.outside import Outside
from studio.simulation.run import Run
from studio.simulation.shield import Shield, load_engine
from studio.simulation.stage import conditions_of, scenario_of, set_up
from studio.simulation.timetable import Timetable
from studio.simulation.verdict import Verdict
from studio.source.zone import utc_zone
from studio.store import Buffer, Log
from studio.store.shelf import Status

__all__ = ["Progress", "RunInterrupted", "simulate"]

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
        end = format_ns(run.end_ns)
        super().__init__(f"stopped at {end} of virtual time; run {run.number} holds what happened until then")
        self.run = run


def simulate(
    scenario: str | Scenario | Case,
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
        scenario: Name of a declared one, the scenario itself, or a case: what varies a declared one.
        seed: Decides all chance; by default the scenario's.
        system: What to run; by default the notebook's.
        faults: Plan instead of the scenario's.
        duration: Instead of the scenario's.
        log: Where records go; by default the process's log.
        progress: Told at least a hundred times in a run, and every few thousand steps of a busy one.

    Raises:
        UnknownScenario: It is not declared.
        EmptySystem: There is nothing to run.
        UnknownTarget: A fault, given or service time names what does not exist.
        UnknownAddress: A workload's address is nothing.
        InvalidMessage: A message of a workload is none of the contract.
        InvariantFailed: One could not be evaluated (or InvalidQuery); the run is finished and kept all the same.
        HandlerStalledError: A handler never yields; the run is aborted, and its records are kept.
        RunInterrupted: Stopped by hand; `.run` holds what happened until then.

    Example:
        run = studio.simulate("payment_outage", seed=7)
    """
    build = build_of(system)
    case = _case_of(build, scenario, seed, faults, duration)
    number, plan = case.seed, case.plan
    chosen = scenario if isinstance(scenario, Scenario) else case.scenario_in(build)
    conditions = conditions_of(build, chosen, number, plan)
    is_stopped = load_engine()
    shelf = default_log() if log is None else log
    buffer = shelf.record(info_of(build, chosen.name, number))
    drive = _Drive(build, chosen, case.duration_ns or duration_ns(chosen.duration), conditions, buffer)
    verdict = Verdict(Run(shelf.live(buffer), build, plan, case=case), buffer)
    status: Status = "interrupted" if is_stopped else "aborted"
    try:
        if not is_stopped:
            with utc_zone():
                status = drive.run(verdict, progress)
    finally:
        with Shield() as shield:
            buffer.finish(status, end_ns=drive.close())
            finished = Run(shelf.run(buffer.run), build, plan, checked=verdict.checked, case=case)
            set_latest(finished)
    if status == "interrupted" or shield.interrupted:
        raise RunInterrupted(finished)
    if verdict.failure is not None:
        kept = f"its records are run {finished.number}, and `studio.latest()` gives it"
        verdict.failure.add_note(f"The run was finished all the same: {kept}.")
        raise verdict.failure
    return finished


def _case_of(
    build: Build,
    scenario: str | Scenario | Case,
    seed: int | None,
    faults: Sequence[Fault] | None,
    duration: str | None,
) -> Case:
    """Return what decides the run besides the sources, as a value; what is asked for here comes first."""
    if isinstance(scenario, str):
        declared = build.graph.scenarios.get(scenario, Scenario(scenario))
        number = declared.seed if seed is None else seed
        plan = faults if faults is not None else scenario_of(build, scenario, number).faults
        case = Case(scenario, number, tuple(plan))
    elif isinstance(scenario, Scenario):
        case = Case(scenario.name, scenario.seed, tuple(scenario.faults))
    else:
        case = scenario
    return replace(
        case,
        seed=case.seed if seed is None else seed,
        plan=case.plan if faults is None else tuple(faults),
        duration_ns=case.duration_ns if duration is None else duration_ns(duration),
    )


class _Drive:
    """One run, from its first message to its verdict."""

    def __init__(self, build: Build, scenario: Scenario, end_ns: int, conditions: Conditions, buffer: Buffer) -> None:
        self._build, self._scenario, self._end_ns = build, scenario, end_ns
        self._conditions, self._buffer = conditions, buffer
        self._cluster: Cluster | None = None

    def run(self, verdict: Verdict, progress: Callable[[Progress], None] | None) -> Status:
        """Drive the run and check its invariants; say how it ended.

        Raises:
            HandlerStalledError: A handler never yields.
            TimeStandsStillError: Work goes on for ever in one instant.
        """
        try:
            self._cluster = set_up(self._build, self._conditions, self._buffer, self._scenario.givens)
            return self._play(self._cluster, verdict, progress)
        except KeyboardInterrupt:
            return "interrupted"

    def _play(self, cluster: Cluster, verdict: Verdict, progress: Callable[[Progress], None] | None) -> Status:
        timetable, loop = Timetable(cluster), cluster.loop

        def tell() -> None:
            if progress is not None:
                progress(Progress(loop.now_ns, self._end_ns, self._buffer.count))

        loop.heartbeat = tell
        self._start_workloads(cluster)
        for stretch in range(1, STRETCHES + 1):
            if not timetable.run_until_ns(self._end_ns * stretch // STRETCHES):
                return "interrupted"
            tell()
            if verdict.is_watching and stretch % (STRETCHES // MARKS) == 0 and stretch < STRETCHES:
                verdict.check(loop.now_ns, finally_=False)
        rest = timetable.settle(self._end_ns + duration_ns(self._scenario.settle))
        if rest == "stopped":
            return "interrupted"
        if rest == "busy":
            timetable.tell_busy(self._scenario.settle)
        verdict.check(loop.now_ns, finally_=True)
        return "finished"

    def _start_workloads(self, cluster: Cluster) -> None:
        outside = Outside(cluster)
        declared_ns = duration_ns(self._scenario.duration)
        for number, workload in enumerate(self._scenario.workloads, start=1):
            # One that lasts as long as the scenario lasts as long as the run.
            until_ns = self._end_ns if workload.until_ns == declared_ns else min(workload.until_ns, self._end_ns)
            Arrivals(cluster, outside, workload, number, until_ns).start()

    def close(self) -> int:
        """End the world, whatever happened, and return its time."""
        if self._cluster is None:
            return 0
        self._cluster.close()
        return self._cluster.loop.now_ns
