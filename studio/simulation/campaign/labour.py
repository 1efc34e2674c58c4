"""Run single seeds, in whatever process: what a worker gets, how it makes the system of it, what it gives back.

Workers receive sources, and execute them once for each version of the system. What goes wrong in a seed is part of its
result: a campaign does not end for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.errors import StudioError
from studio.graph.system import Build, System
from studio.model.fault import Fault
from studio.simulation.campaign.reduction import reduced
from studio.simulation.campaign.seed_result import SeedResult
from studio.simulation.case import Case, Check
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.simulation.stage import scenario_of
from studio.source.cell import Source
from studio.store import Log

__all__ = ["Job", "Task", "build_for", "case_for", "job_of", "work", "work_all"]

_BUILDS_MAX = 4
"""Versions of systems that a worker keeps executed."""

_builds: dict[str, Build] = {}
_turn = threading.Lock()  # some clusters give a process several threads; runs take turns, one driver at a time


@dataclass(frozen=True, slots=True)
class Job:
    """What all seeds of a campaign have in common, as a worker gets it.

    Attributes:
        sources: Of the system.
        digest: Of the sources.
        paths: Where modules beside the sources are found.
        scenario: Its name.
        plan: Faults instead of the scenario's; None for those, which it may draw anew for each seed.
        duration_ns: Instead of the scenario's; 0 keeps it.
        bus: Delivery model instead of the scenario's; empty keeps it.
        given: A case that is varied by its seed, instead of all the above.
    """

    sources: tuple[Source, ...]
    digest: str
    paths: tuple[str, ...]
    scenario: str
    plan: tuple[Fault, ...] | None = None
    duration_ns: int = 0
    bus: str = ""
    given: Case | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One seed to run.

    Attributes:
        seed: Which.
        case: The very case; None makes it from the job.
        check: When *always* invariants are checked; empty leaves it to the case and the scenario.
        is_full: Whether all records are returned.
    """

    seed: int
    case: Case | None = None
    check: Check = ""
    is_full: bool = False


def job_of(build: Build, scenario: str, **options: object) -> Job:
    """Return what a worker needs to run a scenario of a build, which this process keeps for its own use."""
    _keep(build)
    sources = tuple(definition.source for definition in build.graph.definitions.values())
    paths = tuple(str(Path(path).resolve()) for path in sys.path)  # an empty one is the working folder, here
    return Job(sources, build.digest, paths, scenario, **options)  # type: ignore[arg-type] # Job's own fields


def case_for(build: Build, job: Job, seed: int) -> Case:
    """Return the case of a seed.

    Raises:
        UnknownScenario: It is not declared.
    """
    if job.given is not None:
        return replace(job.given, seed=seed)
    plan = job.plan if job.plan is not None else scenario_of(build, job.scenario, seed).faults
    return Case(job.scenario, seed, tuple(plan), None, job.duration_ns, job.bus)


def work_all(job: Job, tasks: Sequence[Task], *, is_worker: bool = False) -> list[SeedResult]:
    """Run some seeds one after the other.

    Args:
        job: What they have in common.
        tasks: In order.
        is_worker: Whether this is a process of its own, which the stop button does not concern: who started it ends it.
    """
    if is_worker:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when first loaded; the cores are shared already
    if is_worker and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return [work(job, task) for task in tasks]


def work(job: Job, task: Task) -> SeedResult:
    """Run one seed in memory and return what is kept of it; an error becomes part of the result."""
    with _turn:
        log = Log.memory()
        try:
            build = build_for(job)
            case = task.case or case_for(build, job, task.seed)
        except Exception as error:  # noqa: BLE001 - whatever an author's scenario raises
            return SeedResult(task.seed, error=_code(error), error_text=_line(error))
        try:
            run = simulate(case, system=build, log=log, check=task.check, keep=False)
            code = text = ""
        except Exception as error:  # noqa: BLE001 - likewise
            code, text = _code(error), _line(error)
            if not log.runs():
                return SeedResult(task.seed, case.as_json(), error=code, error_text=text)
            run = Run(log.run(log.runs()[-1].run), build, case.plan, case=case)
        return reduced(run, error=code, error_text=text, parcel=log.pack(run.number) if task.is_full else b"")


def build_for(job: Job) -> Build:
    """Return the build of a job's sources, executed once for each version of the system."""
    if job.digest not in _builds:
        sys.path += [path for path in job.paths if path not in sys.path]
        system = System()
        system.define_all(job.sources)
        _keep(system.build(), job.digest)
    return _builds[job.digest]


def _keep(build: Build, digest: str = "") -> None:
    _builds.pop(digest or build.digest, None)
    while len(_builds) >= _BUILDS_MAX:
        del _builds[next(iter(_builds))]
    _builds[digest or build.digest] = build


def _code(error: Exception) -> str:
    return error.code if isinstance(error, StudioError) else type(error).__name__


def _line(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
