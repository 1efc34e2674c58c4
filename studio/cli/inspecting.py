"""Commands that look at a system without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system
from studio.errors import FileUnwritable

__all__ = ["graph", "lint"]


@app.command()
def graph(
    path: PathArgument,
    svg: Annotated[Path | None, typer.Option(help="Write the drawing to this file.")] = None,
) -> None:
    """Print the services, addresses and sagas of a system, or draw them.

    Example: studio graph simulations/orders --svg orders.svg
    """
    from studio.graph.drawing import Drawing

    drawing = Drawing.of(read_system(path).graph, title=path.stem)
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

    findings = find(read_system(path).graph)
    typer.echo(as_text(findings))
    raise typer.Exit(1 if any(each.severity != "note" for each in findings) else 0)
