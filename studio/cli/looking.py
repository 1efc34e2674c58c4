"""Command that opens the dashboard on a log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.terminal import app

__all__ = ["dashboard"]

_LOOK_S = 0.3


@app.command()
def dashboard(
    log: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="DuckDB file of runs; by default the project's log.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port; 0 chooses a free one and prints it.")] = 0,
    *,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Look at recorded runs in the browser, also while they are written.

    Nothing in the log is changed. Ends with Ctrl-C.

    Example: studio dashboard studio.duckdb
    """
    import threading

    from studio.dashboard.dashboard_server import serve_dashboard
    from studio.dashboard.feed import Feed
    from studio.simulation.logbook import project_log

    file = log or project_log(Path.cwd()) or Path("studio.duckdb")
    server = serve_dashboard(Feed.of_file(file), port=port, open_browser=browser)
    typer.echo(f"{file}: {server.url()}\nCtrl-C ends it.")
    try:
        never = threading.Event()
        while not never.wait(_LOOK_S):  # Polars takes the interrupt so that it ends no wait: one looks for it
            pass
    except KeyboardInterrupt:
        typer.echo("")
    finally:
        server.stop()
