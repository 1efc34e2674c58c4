"""Commands that look at a system without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system, write_file
from studio.errors import UnknownChoice

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
        write_file(svg, drawing.svg)
    typer.echo(str(drawing))


@app.command()
def lint(
    path: PathArgument,
    *,
    form: Annotated[str, typer.Option("--format", help="text, json, or sarif (2.1.0).")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
) -> None:
    """Say what is doubtful in a system's architecture; exit code 1 for errors and warnings, notes are free.

    A line's comment `# studio: ignore ARC109: reason` lets one pass.

    Example: studio lint simulations/orders --format sarif -o findings.sarif
    """
    from studio import __version__
    from studio.graph.findings import as_json, as_sarif, as_text
    from studio.graph.lint import review

    found = review(read_system(path).graph)
    forms = {
        "text": lambda: as_text(found.findings, ignored=len(found.ignored)),
        "json": lambda: as_json(found),
        "sarif": lambda: as_sarif(found, __version__),
    }
    if form not in forms:
        raise UnknownChoice(option="--format", value=form, known=", ".join(forms))
    text = forms[form]()
    if output is not None:
        write_file(output, text + "\n")
    else:
        typer.echo(text)
    raise typer.Exit(1 if any(each.severity != "note" for each in found.findings) else 0)
