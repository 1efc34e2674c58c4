"""Run a scenario from its first message until nothing is left to do, and say which promises held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from studio.graph.system import Build, System
from studio.model.duration import duration_ns, format_ns
from studio.model.fault import Fault
from studio.model.phases import phases_of
from studio.model.scenario import Scenario
from studio.simulation.case import Case, Check
from studio.simulation.checking.verdict import Verdict
from studio.simulation.current import build_of, set_latest
from studio.simulation.harming.swarming import drawn_for
from studio.simulation.logbook import default_log, info_of, shape_of
from studio.simulation.play import Intervention, Play, Progress
from studio.simulation.run import Run
from studio.simulation.stage import conditions_of, scenario_of
from studio.simulation.virtual.driving import sweep_ended
from studio.simulation.virtual.shield import Shield, load_engine
from studio.source.zone import utc_zone
from studio.store import Log
from studio.store.shelf import Status

__all__ = ["Progress", "RunInterrupted", "simulate"]


class RunInterrupted(KeyboardInterrupt):
    """A run was stopped by hand; what it recorded is kept.

    Attributes:
        run: As far as it came.
    """

    def __init__(self, run: Run) -> None:
        end = format_ns(run.end_ns)
        super().__init__(f"stopped at {end} of virtual time; run {run.number} holds what happened until then")
        self.run = run


def simulate(  # noqa: PLR0913 - all but the first by keyword
    scenario: str | Scenario | Case,
    *,
    seed: int | None = None,
    system: System | Build | None = None,
    faults: Sequence[Fault | Mapping[str, Any]] | None = None,
    duration: str | None = None,
    bus: str | None = None,
    log: Log | None = None,
    stop_at_violation: bool = False,
    check: Check = "",
    keep: bool = True,
    interventions: Sequence[Intervention] = (),
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Run a scenario and return what happened.

    Equal sources, scenario and seed give equal records, byte for byte. Blocks until done, also inside a notebook's
    running loop.

    Args:
        scenario: Name of a declared one, the scenario itself, or a case: what varies a declared one.
        seed: Decides all chance; by default the scenario's.
        system: What to run; by default the notebook's.
        faults: Plan instead of the scenario's: faults, or what `plan_to` wrote of them; of a swarm, the seed draws.
        duration: Instead of the scenario's.
        bus: Delivery model instead of the scenario's: `jetstream`, `rabbitmq` or `kafka`.
        log: Where records go; by default the process's log.
        stop_at_violation: Whether the run ends where the first violation is found, with status `stopped`.
        check: When *always* invariants are checked: at `marks` of virtual time (what breaks and mends itself between
            two is missed), or at `commits`: after every step that wrote what they read. No other record differs. By
            default as the case or the scenario says, which is at marks unless stated.
        keep: Whether `latest()` gives the run from now on.
        interventions: What is done to the running cluster between two steps, for forks.
        progress: Told at least a hundred times in a run, and every few thousand steps of a busy one.

    Raises:
        UnknownScenario: It is not declared.
        UnknownBus: It is no delivery model.
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
    case = replace(case, bus=bus or case.bus, check=check or case.check)
    number, plan = case.seed, case.plan
    chosen = scenario if isinstance(scenario, Scenario) else case.scenario_in(build)
    end_ns = case.duration_ns or duration_ns(chosen.duration)
    conditions = conditions_of(build, chosen, number, plan, phases_of(chosen).within(end_ns))
    conditions = replace(conditions, bus=case.bus or conditions.bus)
    is_stopped = load_engine()
    shelf = default_log() if log is None else log
    buffer = shelf.record(info_of(build, case.scenario if case.script else chosen.name, number, case))
    play = Play(
        build, chosen, end_ns, conditions, buffer,
        interventions=interventions, check=case.check or chosen.check, stop_at_violation=stop_at_violation,
        progress=progress,
    )  # fmt: skip

    def view(code: Build) -> Run:
        return Run(shelf.live(buffer, shape=shape_of(build, code)), code, plan, case=case)

    verdict = Verdict(view(build), buffer, scenario=chosen, end_ns=end_ns, view=view)
    status: Status = "interrupted" if is_stopped else "aborted"
    try:
        if not is_stopped:
            with utc_zone():
                status = play.run(verdict)
    finally:
        with Shield() as shield:
            buffer.finish(status, end_ns=play.close())
            finished = Run(
                verdict.run.log.settled(), verdict.run.build, plan, checked=verdict.checked, unfed=verdict.unfed,
                promised=verdict.promised, case=case,
            )  # fmt: skip
            if keep:
                set_latest(finished)
            sweep_ended()
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
    faults: Sequence[Fault | Mapping[str, Any]] | None,
    duration: str | None,
) -> Case:
    """Return what decides the run besides the sources, as a value; what is asked for here comes first."""
    if isinstance(scenario, str):
        declared = build.graph.scenarios.get(scenario, Scenario(scenario))
        number = declared.seed if seed is None else seed
        plan = () if faults is not None else tuple(scenario_of(build, scenario, number).faults)
        case = Case(scenario, number, plan)
    elif isinstance(scenario, Scenario):
        case = Case(scenario.name, scenario.seed, tuple(scenario.faults))
    else:
        case = scenario
    number = case.seed if seed is None else seed
    own_ns = case.duration_ns if duration is None else duration_ns(duration)
    asked = scenario if isinstance(scenario, Scenario) else build.graph.scenarios.get(case.scenario)
    asked = asked or Scenario(case.scenario)
    wanted: Sequence[Fault | Mapping[str, Any]] = case.plan if faults is None else faults
    whole = drawn_for(build.graph, asked, wanted, number, own_ns or duration_ns(asked.duration))
    return replace(case, seed=number, plan=whole, duration_ns=own_ns)
