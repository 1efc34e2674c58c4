"""Commands about runs that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.terminal import FileOption, PathArgument, app, read_system

__all__ = ["compare_runs", "delete_runs", "list_runs", "replay_run"]

runs_app = typer.Typer(
    no_args_is_help=True, help="List, compare, replay and delete recorded runs.\n\nExample: studio runs list"
)
app.add_typer(runs_app, name="runs")


@runs_app.command("list")
def list_runs(log: FileOption = Path("studio.duckdb")) -> None:
    """List recorded runs, oldest first.

    Example: studio runs list --log studio.duckdb
    """
    from studio.store.writer import Log

    rows = Log.open(log).runs() if log.exists() else []
    if not rows:
        typer.echo(f"{log} holds no runs; `studio simulate PATH --log {log}` keeps them there")
    for row in rows:
        info = row.info
        typer.echo(
            f"{row.run:>4}  {info.scenario or 'world':<24} seed {info.seed:<6} {row.status:<12} {row.records} records"
        )


@runs_app.command("compare")
def compare_runs(
    first: Annotated[int, typer.Argument(help="Number of a run.")],
    second: Annotated[int, typer.Argument(help="Number of another.")],
    log: FileOption = Path("studio.duckdb"),
) -> None:
    """Name the first record in which two runs differ.

    Exit code 1 when they do.

    Example: studio runs compare 1 2
    """
    from studio.store.writer import Log

    difference = Log.open(log).compare(first, second)
    typer.echo("equal" if difference is None else str(difference))
    raise typer.Exit(0 if difference is None else 1)


@runs_app.command("replay")
def replay_run(
    run: Annotated[int, typer.Argument(help="Number of a run.")],
    path: PathArgument,
    log: FileOption = Path("studio.duckdb"),
) -> None:
    """Run again what a recorded run was given, with the code as it is; exit code 1 when its records are others.

    A run whose process was killed is repeated as far as it was recorded.

    Example: studio runs replay 7 simulations/orders
    """
    from studio.errors import NotForkable
    from studio.simulation.logbook import case_in
    from studio.simulation.simulate import simulate
    from studio.store import Log, compare

    kept = Log.open(log)
    case = case_in(kept, run)
    if case is None:
        raise NotForkable(what=f"run {run}", reason="what was done to it by hand is not recorded")
    again = simulate(case, system=read_system(path), log=Log.memory())
    typer.echo(str(again.summary()))
    recorded = kept.run(run)
    difference = compare(recorded, again.log)
    is_cut_off = difference is not None and difference.first is None and recorded.row.status == "running"
    if is_cut_off:
        typer.echo(f"its first {recorded.row.records} records are those of run {run}, which was cut off there")
    else:
        typer.echo(f"the records are those of run {run}" if difference is None else str(difference))
    raise typer.Exit(0 if difference is None or is_cut_off else 1)


@runs_app.command("delete")
def delete_runs(
    runs: Annotated[list[int], typer.Argument(help="Numbers.")],
    log: FileOption = Path("studio.duckdb"),
) -> None:
    """Forget runs.

    Example: studio runs delete 3 4
    """
    from studio.store.writer import Log

    Log.open(log).delete(*runs)
