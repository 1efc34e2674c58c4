"""Commands around a project as a whole: begin it, open it, export it, run it for real, see what it is about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system

__all__ = ["demo", "export", "lab", "new", "serve"]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    template: Annotated[str, typer.Option(help="orders (a whole system to learn from) or blank.")] = "orders",
) -> None:
    """Start a project: a notebook, packaging, a CI file.

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
def export(
    path: PathArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the package.")],
    name: Annotated[str, typer.Option(help="Of the package; by default the folder's.")] = "",
    *,
    force: Annotated[bool, typer.Option(help="Overwrite files that were edited by hand.")] = False,
) -> None:
    """Write a package that runs, tests itself and deploys.

    Example: studio export notebooks/02-order-saga.ipynb -o dist/orders
    """
    from studio.export.package import export_package
    from studio.simulation.replay import kept_texts, replay_all, retry_all

    system = read_system(path)
    kept = kept_texts(path, system)
    report = export_package(system, output, replays=replay_all, retries=retry_all, kept=kept, name=name, force=force)
    typer.echo(str(report))


@app.command()
def serve(
    path: PathArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 chooses a free one and prints it.")] = 8000,
    data: Annotated[Path, typer.Option(help="SQLite file of all durable state.")] = Path("studio.sqlite"),
) -> None:
    """Run a system for real: HTTP, durable sagas, jobs.

    Example: studio serve simulations/orders --port 8000
    """
    from studio.serve.server import ServeSettings
    from studio.serve.server import serve as run_server

    run_server(read_system(path).build(), ServeSettings(host=host, port=port, data=data, title=path.stem))


@app.command()
def demo() -> None:
    """Show the whole way: a bug, its cure, the package.

    We charged Ada twice: why, the one-line cure, and the package that ships, in a terminal.

    Example: studio demo
    """
    from studio.demo import run_demo

    raise typer.Exit(run_demo())
