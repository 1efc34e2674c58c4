"""Commands that run scenarios in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.cases import run_case, run_kept
from studio.cli.many import ManySeeds, check_scenarios, run_campaigns
from studio.cli.terminal import LogOption, PathArgument, app, read_system
from studio.errors import NoScenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.simulation.run import Run
    from studio.simulation.simulate import Progress

__all__ = ["simulate"]


@app.command()
def simulate(  # noqa: PLR0913 - options of a command
    path: PathArgument,
    *,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", "-s", help="Only this one; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    duration: Annotated[str | None, typer.Option(help="Instead of the scenario's, such as 10m.")] = None,
    bus: Annotated[str | None, typer.Option(help="Delivery model: jetstream, rabbitmq or kafka.")] = None,
    trace: Annotated[str, typer.Option(help="Also print the trace of this saga or event key.")] = "",
    log: LogOption = None,
    records: Annotated[bool, typer.Option(help="Print the hash of each run's records.")] = False,
    seeds: Annotated[int, typer.Option(help="Run each scenario under so many seeds.", min=0)] = 0,
    first_seed: Annotated[int, typer.Option(help="The first of them.")] = 0,
    seeds_from: Annotated[Path | None, typer.Option(help="Run the seeds of this file, as --seeds-to wrote it.")] = None,
    seeds_to: Annotated[Path | None, typer.Option(help="Write the failing seeds to this file.")] = None,
    edited: Annotated[bool, typer.Option(help="The seeds of --seeds-from are meant for edited sources.")] = False,
    workers: Annotated[int, typer.Option(help="Processes that run seeds; 0 for one on each core.")] = 1,
    backend: Annotated[str, typer.Option(help="Who runs seeds: loky (this machine), dask or ray.")] = "loky",
    address: Annotated[str, typer.Option(help="Of the scheduler of a Dask or Ray cluster.")] = "",
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report of all seeds.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report of all seeds to look at.")] = None,
    check_determinism: Annotated[
        bool, typer.Option("--check-determinism", help="Run twice, in other processes, and name what differs.")
    ] = False,
    kept: Annotated[bool, typer.Option("--kept", help="Run the counterexamples that are kept.")] = False,
    case: Annotated[Path | None, typer.Option(help="Run this kept counterexample, a JSON file.")] = None,
) -> None:
    """Run scenarios and say which promises held.

    Once as they stand, under many seeds (--seeds), or as counterexamples that were kept (--kept, --case). Exit code:
    0 all held, 1 one did not, 2 wrong usage.

    Example: studio simulate notebooks/03-when-it-fails.ipynb --scenario lost_reply --seed 7

    Example: studio simulate simulations/orders --seeds 1000 --workers 4 --html report.html --junit report.xml
    """
    from studio.simulation.logbook import set_default_log, use_project_log
    from studio.simulation.simulate import RunInterrupted
    from studio.simulation.simulate import simulate as run_scenario

    if log is None:
        use_project_log(path)
    else:
        set_default_log(log)
    system = read_system(path)
    broken = False
    if case is not None:
        raise typer.Exit(run_case(system, case))
    if kept:
        raise typer.Exit(run_kept(system, path))
    if not system.graph.scenarios:
        raise NoScenario(path=str(path))
    names = scenario or list(system.graph.scenarios)
    if seeds or seeds_from is not None:
        asked = ManySeeds(
            path, seeds, first_seed, seeds_from, edited, workers, backend, address, duration, bus, junit, html,
            seeds_to, 1 if check_determinism else 20,
        )  # fmt: skip
        raise typer.Exit(run_campaigns(system, names, asked))
    if check_determinism:
        raise typer.Exit(check_scenarios(system, names, seed=seed, duration=duration, bus=bus or ""))
    for name in names:
        try:
            run = run_scenario(name, seed=seed, system=system, duration=duration, bus=bus, progress=_progress())
        except RunInterrupted as stop:
            typer.echo(f"\n{stop}\n{stop.run.summary()}", err=True)
            raise typer.Exit(130) from None
        _show(run, trace=trace, records=records)
        broken = broken or not run.summary().is_fine
    raise typer.Exit(1 if broken else 0)


def _show(run: Run, *, trace: str, records: bool) -> None:
    typer.echo(str(run.summary()))
    if records:
        typer.echo(f"  records {run.sha256}")
    violations = run.violations
    if len(violations) and not trace:
        typer.echo("  first violation: " + str(violations["row"][0]))
    if trace:
        typer.echo(run.trace(trace).text())


def _progress() -> Callable[[Progress], None] | None:
    """Return what shows progress on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(progress: Progress) -> None:
        share = min(progress.now_ns / progress.end_ns, 1.0) if progress.end_ns else 1.0
        sys.stderr.write(f"\r{share:4.0%}  {progress.records} records" + ("\r\033[K" if share >= 1 else ""))
        sys.stderr.flush()

    return tell
