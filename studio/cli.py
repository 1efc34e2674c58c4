"""The command line: the notebook's jobs for terminals and CI.

Exit codes: 0 fine, 1 found something (a violation, a finding, a difference), 2 wrong usage or input, 130 interrupted.
What a command needs loads when it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from studio.errors import EmptySystem, FileUnwritable, NoScenario, StudioError

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.graph.system import System
    from studio.simulation.run import Run
    from studio.simulation.simulate import Progress

__all__ = ["app", "main", "run"]

app = typer.Typer(
    name="studio",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Design services, break them in a deterministic simulation, ship the code that survived.\n\n"
    "Example: studio new shop --template orders && studio simulate shop/orders.ipynb",
)
runs_app = typer.Typer(
    no_args_is_help=True, help="List, compare and delete recorded runs.\n\nExample: studio runs list"
)
app.add_typer(runs_app, name="runs")

PathArgument = Annotated[Path, typer.Argument(help="A notebook, a folder of modules, or one module.")]
LogOption = Annotated[
    Path | None, typer.Option("--log", help="DuckDB file that keeps the runs; by default the project's.")
]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    template: Annotated[str, typer.Option(help="orders (a whole system to learn from) or blank.")] = "orders",
) -> None:
    """Start a project: a notebook, pyproject.toml, a CI file, .gitignore.

    Example: studio new shop --template orders
    """
    from studio.export.project import start_project

    for line in start_project(folder, template):
        typer.echo(line)


@app.command()
def lab(
    notebook: Annotated[Path | None, typer.Argument(help="Notebook to open.")] = None,
    port: Annotated[int, typer.Option(help="Port; 0 lets JupyterLab choose.")] = 0,
) -> None:
    """Open JupyterLab on a notebook.

    Example: studio lab notebooks/01-first-service.ipynb
    """
    import importlib.util
    import subprocess

    from studio.errors import MissingExtra

    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtra(what="JupyterLab", extra="lab")
    command = [sys.executable, "-m", "jupyterlab", *([str(notebook)] if notebook else [])]
    raise typer.Exit(subprocess.call(command + ([f"--port={port}"] if port else [])))


@app.command()
def simulate(
    path: PathArgument,
    *,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", "-s", help="Only this one; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    duration: Annotated[str | None, typer.Option(help="Instead of the scenario's, such as 10m.")] = None,
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
    system = _read(path)
    broken = False
    if not system.graph.scenarios:
        raise NoScenario(path=str(path))
    for name in scenario or list(system.graph.scenarios):
        try:
            run = run_scenario(name, seed=seed, system=system, duration=duration, progress=_progress())
        except RunInterrupted as stop:
            typer.echo(f"\n{stop}\n{stop.run.summary()}", err=True)
            raise typer.Exit(130) from None
        _show(run, trace=trace, records=records)
        broken = broken or not run.summary().is_fine
    raise typer.Exit(1 if broken else 0)


@app.command()
def graph(
    path: PathArgument,
    svg: Annotated[Path | None, typer.Option(help="Write the drawing to this file.")] = None,
) -> None:
    """Print the services, addresses and sagas of a system, or draw them.

    Example: studio graph simulations/orders --svg orders.svg
    """
    from studio.graph.drawing import Drawing

    drawing = Drawing.of(_read(path).graph, title=path.stem)
    if svg is not None:
        try:
            svg.write_text(drawing.svg, encoding="utf-8")
        except OSError as error:
            raise FileUnwritable(file=str(svg), reason=str(error.strerror).lower()) from error
    typer.echo(str(drawing))


@app.command()
def lint(path: PathArgument) -> None:
    """Say what is doubtful in a system's architecture; exit code 1 for errors and warnings, notes are free.

    Example: studio lint simulations/orders
    """
    from studio.graph.lint import as_text
    from studio.graph.lint import lint as find

    findings = find(_read(path).graph)
    typer.echo(as_text(findings))
    raise typer.Exit(1 if any(each.severity != "note" for each in findings) else 0)


@app.command()
def export(
    path: PathArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the package.")],
    name: Annotated[str, typer.Option(help="Of the package; by default the folder's.")] = "",
    *,
    force: Annotated[bool, typer.Option(help="Overwrite files that were edited by hand.")] = False,
) -> None:
    """Write the system as a package that runs, tests itself and deploys.

    Example: studio export notebooks/02-order-saga.ipynb -o dist/orders
    """
    from studio.export.package import export_package
    from studio.simulation.replay import replay_all

    typer.echo(str(export_package(_read(path), output, replays=replay_all, name=name, force=force)))


@app.command()
def serve(
    path: PathArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 chooses a free one and prints it.")] = 8000,
    data: Annotated[Path, typer.Option(help="SQLite file of all durable state.")] = Path("studio.sqlite"),
) -> None:
    """Run a system for real: HTTP, durable sagas, jobs, health, metrics.

    Example: studio serve simulations/orders --port 8000
    """
    from studio.serve.server import ServeSettings
    from studio.serve.server import serve as run_server

    run_server(_read(path).build(), ServeSettings(host=host, port=port, data=data, title=path.stem))


@app.command()
def demo() -> None:
    """Show the whole way in a terminal: we charged Ada twice, why, the one-line cure, and the package that ships.

    Example: studio demo
    """
    from studio.demo import run_demo

    raise typer.Exit(run_demo())


@runs_app.command("list")
def list_runs(log: Annotated[Path, typer.Option("--log", help="DuckDB file.")] = Path("studio.duckdb")) -> None:
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
    log: Annotated[Path, typer.Option("--log", help="DuckDB file.")] = Path("studio.duckdb"),
) -> None:
    """Name the first record in which two runs differ; exit code 1 when they do.

    Example: studio runs compare 1 2
    """
    from studio.store.writer import Log

    difference = Log.open(log).compare(first, second)
    typer.echo("equal" if difference is None else str(difference))
    raise typer.Exit(0 if difference is None else 1)


@runs_app.command("delete")
def delete_runs(
    runs: Annotated[list[int], typer.Argument(help="Numbers.")],
    log: Annotated[Path, typer.Option("--log", help="DuckDB file.")] = Path("studio.duckdb"),
) -> None:
    """Forget runs.

    Example: studio runs delete 3 4
    """
    from studio.store.writer import Log

    Log.open(log).delete(*runs)


def main() -> None:
    """Run the command line."""
    run(app)


def run(application: typer.Typer, arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and exit; an error of ours is told in its own words, with exit code 2.

    Args:
        application: What the commands are.
        arguments: Instead of the process's.
    """
    try:
        sys.exit(application(arguments, standalone_mode=False) or 0)
    except StudioError as error:
        typer.echo(str(error), err=True)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - raised on, unless it is the author's or the parser's
        show = getattr(error, "show", None)  # a usage error of the parser shows itself
        if show is None:
            _show_authored(error)
        else:
            show()
    sys.exit(2)


def _show_authored(error: Exception) -> None:
    """Show what a declaration raised while it was read, from the author's line on; a bug of ours is raised on."""
    import traceback

    from studio.source.loader import author_frames, trim_traceback

    if not any(author_frames(error)):
        raise error
    typer.echo("".join(traceback.format_exception(trim_traceback(error))).rstrip(), err=True)


def _read(path: Path) -> System:
    """Read a system from a path."""
    from studio.graph.system import System
    from studio.source.directory import read

    beside = str(path.resolve().parent)
    if path.suffix == ".ipynb" and beside not in sys.path:
        sys.path.insert(0, beside)  # where cells look for the Python files beside their notebook, as in Jupyter
    system = System()
    system.define_all(read(path))
    if not system.definitions:
        raise EmptySystem
    return system


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
