"""Run a campaign: hand seeds out, take results in, check some twice, look closer at those that fail, keep it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.errors import BadCampaign, NotDeterministic
from studio.graph.system import Build, System
from studio.model.duration import duration_ns
from studio.model.fault import Fault
from studio.model.scenario import Scenario
from studio.simulation.campaign.campaign import Campaign, CampaignInterrupted
from studio.simulation.campaign.crew import Crew
from studio.simulation.campaign.labour import Job, Task, case_for, job_of
from studio.simulation.campaign.pace import CampaignProgress, Pace
from studio.simulation.campaign.seed_result import SeedResult
from studio.simulation.campaign.seeds_file import read_seeds
from studio.simulation.campaign.tally import Tally
from studio.simulation.case import Case
from studio.simulation.current import build_of
from studio.simulation.determinism.checking import Checks
from studio.simulation.logbook import default_log, info_of
from studio.simulation.stage import conditions_of
from studio.simulation.virtual.shield import load_engine
from studio.store import Log
from studio.store.campaigns import campaign_frame

__all__ = ["campaign"]

KEPT_MAX = 25
"""Failing seeds whose full records are kept."""
CHECK_EVERY = 20
"""One seed in so many is run twice."""

Seeds = range | int | Sequence[int] | Path | str


def campaign(  # noqa: PLR0913 - all but the first by keyword
    scenario: str | Scenario | Case,
    *,
    seeds: Seeds = 100,
    system: System | Build | None = None,
    workers: int = 1,
    backend: str = "loky",
    address: str = "",
    bus: str = "",
    faults: Sequence[Fault] | None = None,
    duration: str | None = None,
    check_determinism: int = CHECK_EVERY,
    edited: bool = False,
    log: Log | None = None,
    progress: Callable[[CampaignProgress], None] | None = None,
) -> Campaign:
    """Run a scenario under many seeds and return what came of them.

    Results are the same whatever the number of workers. Interrupted, it keeps what is done, ends its workers, and
    raises with the campaign so far. A seed that ends its worker's process is reported, and the rest goes on.

    Args:
        scenario: Name of a declared one, that one itself, or a case: what varies a declared one.
        seeds: A range, a number (from 0 on), some numbers, or the path of a file that `Campaign.save` wrote.
        system: What to run; by default the notebook's.
        workers: Processes of this machine; 1 runs here, 0 means one for each core.
        backend: Of joblib: `loky` for this machine, `dask` or `ray` for a cluster.
        address: Of the cluster's scheduler.
        bus: Delivery model instead of the scenario's.
        faults: Plan instead of the scenario's.
        duration: Instead of the scenario's.
        check_determinism: One seed in so many is run twice, in another process; 0 for none.
        edited: Whether seeds of a file are meant to run on other sources than they came from.
        log: Where the campaign and the records of failing seeds go; by default the process's log.
        progress: Told after each seed.

    Raises:
        UnknownScenario: It is not declared (and whatever else keeps the first seed from being begun).
        BadCampaign: There are no seeds, or the workers make no sense.
        ForeignSeeds: A file's seeds belong to other sources.
        MissingExtra: The backend is not installed.
        ClusterUnreachable: The cluster does not answer.
        CampaignInterrupted: Stopped by hand; `.campaign` holds what was done.

    Example:
        campaign = studio.campaign("payment_outage", seeds=1000, workers=4)
    """
    build = build_of(system)
    name = _name_of(build, scenario)
    job = job_of(
        build,
        name,
        plan=None if faults is None else tuple(faults),
        duration_ns=0 if duration is None else duration_ns(duration),
        bus=bus,
        given=scenario if isinstance(scenario, Case) else None,
    )
    tasks = _tasks(build, seeds, edited=edited)
    first = tasks[0].case or case_for(build, job, tasks[0].seed)
    conditions_of(build, first.scenario_in(build), first.seed, first.plan)  # what no seed can do is told at once
    crew = Crew(workers, backend, address)
    load_engine()
    shelf = default_log() if log is None else log
    is_varied = faults is not None or isinstance(scenario, Case) or tasks[0].case is not None
    replay = "campaign.run({seed})" if is_varied else _replay_line(name, duration, bus)
    return _Conduct(build, job, tasks, crew, shelf, replay).run(check_determinism, Pace(len(tasks), progress))


def _replay_line(name: str, duration: str | None, bus: str) -> str:
    """Return the magic's line that repeats a seed of a declared scenario."""
    instead = (f" --{option} {value}" for option, value in (("duration", duration), ("bus", bus)) if value)
    return f"%simulate {name} --seed {{seed}}{''.join(instead)}"


def _name_of(build: Build, scenario: str | Scenario | Case) -> str:
    """Return the name under which workers find a scenario in the sources."""
    if isinstance(scenario, Case):
        return scenario.scenario
    if isinstance(scenario, Scenario):
        if build.graph.scenarios.get(scenario.name) is not scenario:
            reason = "it is not the declared one, and workers know only what is declared"
            raise BadCampaign(
                name="scenario", value=scenario.name, reason=reason, advice="Declare it, and say its name."
            )
        return scenario.name
    return scenario


def _tasks(build: Build, seeds: Seeds, *, edited: bool) -> list[Task]:
    if isinstance(seeds, (str, Path)):
        kept = read_seeds(Path(seeds), sources=build.digest, edited=edited)
        tasks = [Task(case.seed, case) for case in kept.cases]
    else:
        tasks = [Task(int(seed)) for seed in sorted(set(range(seeds) if isinstance(seeds, int) else seeds))]
    if not tasks:
        raise BadCampaign(name="seeds", value=seeds, reason="there are none", advice="Say how many, such as 1000.")
    return tasks


@dataclass(eq=False)
class _Conduct:
    """One campaign under way."""

    build: Build
    job: Job
    tasks: list[Task]
    crew: Crew
    log: Log
    replay_line: str
    _tally: Tally = field(default_factory=lambda: Tally(KEPT_MAX))
    _checked: dict[int, NotDeterministic | None] = field(default_factory=dict)
    _closer: dict[int, SeedResult] = field(default_factory=dict)

    def run(self, every: int, pace: Pace) -> Campaign:
        """Run all tasks; every so many of them twice.

        Raises:
            CampaignInterrupted: Stopped by hand.
        """
        status = "finished"
        seeds = [task.seed for task in self.tasks]
        chosen = seeds[::every][: len(seeds) // every] if every > 0 else []
        try:
            with Checks(self.job, chosen) as checks, closing(self.crew.results(self.job, self.tasks)) as stream:
                for result in stream:
                    self._tally.add(result)
                    self._checked |= dict(checks.look_at(result))
                    pace.count(result)
                self._checked |= dict(checks.rest())
            self._look_closer()
        except KeyboardInterrupt:
            status = "interrupted"
        found = self._kept(status)
        if status == "interrupted":
            raise CampaignInterrupted(found)
        return found

    def _look_closer(self) -> None:
        """Run the first failing seeds again: invariants are checked at every commit, and all records returned."""
        kept = self._tally.closer.items()
        tasks = [Task(seed, Case.from_json(case), "commits", is_full=True) for seed, case in kept]
        if tasks:
            with closing(self.crew.results(self.job, tasks)) as stream:
                self._closer = {result.seed: result for result in stream if result.parcel}

    def _kept(self, status: str) -> Campaign:
        """Put everything into the log, and return it."""
        runs = {seed: self.log.adopt(result.parcel) for seed, result in sorted(self._closer.items())}
        differing = [(seed, each) for seed, each in sorted(self._checked.items()) if each is not None]
        told = {seed: "equal" if each is None else str(each) for seed, each in sorted(self._checked.items())}
        frames = {"campaigns": self._head(status), **self._tally.frames(told, runs, self._closer)}
        return Campaign(
            scenario=self.job.scenario,
            number=self.log.add_campaign(frames),
            status=status,
            asked=len(self.tasks),
            coverage=self._tally.coverage,
            differing=tuple(each for _, each in differing),
            checked=len(self._checked),
            build=self.build,
            log=self.log,
            frames=frames,
            replay_line=self.replay_line,
        )

    def _head(self, status: str) -> Any:
        info = info_of(self.build, self.job.scenario, 0)
        failed = self._tally.verdicts["failed"] + self._tally.verdicts["error"]
        row = (
            info.scenario, info.sources, info.studio, info.python, info.started.replace(tzinfo=None), status,
            len(self.tasks), self._tally.done, failed,
        )  # fmt: skip
        return campaign_frame("campaigns", [row])
