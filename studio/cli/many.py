"""Run the scenarios of a system under many seeds, or twice, for `studio simulate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from studio.graph.system import System
    from studio.simulation.campaign.campaign import Campaign
    from studio.simulation.campaign.pace import CampaignProgress

__all__ = ["ManySeeds", "check_scenarios", "run_campaigns"]


@dataclass(frozen=True, slots=True)
class ManySeeds:
    """What is asked of campaigns on the command line.

    Attributes:
        path: Of the system, for replay lines.
        count: Seeds; 0 where a file names them.
        first: The first of them.
        kept: File of seeds to run again.
        edited: Whether these are meant for other sources than they came from.
        workers: Processes.
        backend: Of joblib.
        address: Of a cluster.
        duration: Instead of the scenario's.
        bus: Instead of the scenario's.
        junit: File of the JUnit report.
        html: File of the report.
        save: File for the failing seeds.
        check: One seed in so many is run twice.
    """

    path: Path
    count: int = 0
    first: int = 0
    kept: Path | None = None
    edited: bool = False
    workers: int = 1
    backend: str = "loky"
    address: str = ""
    duration: str | None = None
    bus: str | None = None
    junit: Path | None = None
    html: Path | None = None
    save: Path | None = None
    check: int = 20


def run_campaigns(system: System, names: Sequence[str], asked: ManySeeds) -> int:
    """Run a campaign of each scenario, print them, write reports; return the exit code."""
    from studio.simulation.campaign.campaign import CampaignInterrupted

    done: list[Campaign] = []
    is_stopped = False
    for name in _named(system, names, asked):
        try:
            found = _run(system, name, asked)
        except CampaignInterrupted as stop:
            typer.echo(f"\n{stop}", err=True)
            found, is_stopped = stop.campaign, True
        done.append(replace(found, replay_line=_replay_line(asked, found)))
        typer.echo(str(done[-1]))
        if is_stopped:
            break
    _write(done, asked)
    return 130 if is_stopped else int(not all(each.is_fine for each in done))


def check_scenarios(system: System, names: Sequence[str], *, seed: int | None, duration: str | None, bus: str) -> int:
    """Run each scenario here and in other processes, and print the first record that differs; return the exit code."""
    from studio.model.duration import duration_ns
    from studio.simulation.case import Case
    from studio.simulation.determinism.checking import check_case
    from studio.simulation.stage import scenario_of

    build, differs = system.build(), False
    for name in names:
        number = scenario_of(build, name).seed if seed is None else seed
        plan = tuple(scenario_of(build, name, number).faults)
        case = Case(name, number, plan, None, duration_ns(duration) if duration else 0, bus)
        found = check_case(build, case)
        typer.echo(f"{name} (seed {number}): runs repeat" if found is None else str(found))
        differs = differs or found is not None
    return int(differs)


def _named(system: System, names: Sequence[str], asked: ManySeeds) -> Sequence[str]:
    """Return the scenarios to run: those of the file of seeds, where there is one."""
    if asked.kept is None:
        return names
    from studio.simulation.campaign.seeds_file import read_seeds

    kept = read_seeds(asked.kept, sources=system.build().digest, edited=asked.edited)
    return [kept.scenario]


def _run(system: System, name: str, asked: ManySeeds) -> Campaign:
    from studio.simulation.campaign.campaigning import campaign

    return campaign(
        name,
        seeds=range(asked.first, asked.first + asked.count) if asked.kept is None else asked.kept,
        system=system,
        workers=asked.workers,
        backend=asked.backend,
        address=asked.address,
        bus=asked.bus or "",
        duration=asked.duration,
        check_determinism=asked.check,
        edited=asked.edited,
        progress=_progress(),
    )


def _replay_line(asked: ManySeeds, found: Campaign) -> str:
    if asked.kept is not None:
        return f"studio simulate {asked.path} --seeds-from {asked.kept}"
    instead = (f" --{name} {value}" for name, value in (("duration", asked.duration), ("bus", asked.bus)) if value)
    return f"studio simulate {asked.path} --scenario {found.scenario} --seed {{seed}}{''.join(instead)}"


def _write(done: Sequence[Campaign], asked: ManySeeds) -> None:
    """Write the reports that are asked for; files of one campaign each carry its scenario where there are several."""
    if asked.junit is not None:
        from studio.simulation.campaign.junit import write_junit

        write_junit(done, asked.junit)
    for each in done:
        if asked.html is not None:
            each.report(_beside(asked.html, each.scenario, len(done)))
        if asked.save is not None and each.failing:
            each.save(_beside(asked.save, each.scenario, len(done)))


def _beside(file: Path, scenario: str, count: int) -> Path:
    return file if count == 1 else file.with_stem(f"{file.stem}-{scenario}")


def _progress() -> Callable[[CampaignProgress], None] | None:
    """Return what shows progress on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(progress: CampaignProgress) -> None:
        sys.stderr.write(f"\r\033[K{progress}" + ("\r\033[K" if progress.done == progress.total else ""))
        sys.stderr.flush()

    return tell
