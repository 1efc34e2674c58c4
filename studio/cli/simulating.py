"""Commands that run scenarios in virtual time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.terminal import LogOption, PathArgument, app, read_system
from studio.errors import NoScenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.simulation.run import Run
    from studio.simulation.simulate import Progress

__all__ = ["simulate"]


@app.command()
def simulate(
    path: PathArgument,
    *,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", "-s", help="Only this one; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    duration: Annotated[str | None, typer.Option(help="Instead of the scenario's, such as 10m.")] = None,
    bus: Annotated[str | None, typer.Option(help="Delivery model: jetstream, rabbitmq or kafka.")] = None,
    trace: Annotated[str, typer.Option(help="Also print the trace of this saga or event key.")] = "",
    log: LogOption = None,
    records: Annotated[bool, typer.Option(help="Print the hash of each run's records.")] = False,
) -> None:
    """Run the scenarios of a system and say which promises held; exit code 1 when one did not.

    Example: studio simulate notebooks/03-when-it-fails.ipynb --scenario lost_reply --seed 7
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
    if not system.graph.scenarios:
        raise NoScenario(path=str(path))
    for name in scenario or list(system.graph.scenarios):
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
