"""Commands that look at a system without running it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system
from studio.errors import UnknownChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.graph.lint import Finding
    from studio.graph.system import System
    from studio.simulation.proving.proof import Proof

__all__ = ["graph", "lint"]


@app.command()
def graph(
    path: PathArgument,
    svg: Annotated[Path | None, typer.Option(help="Write the drawing to this file.")] = None,
) -> None:
    """Print or draw services, addresses and sagas.

    Example: studio graph simulations/orders --svg orders.svg
    """
    from studio.graph.drawing import Drawing
    from studio.simulation.files import write_file

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
    proving: Annotated[bool, typer.Option("--prove", help="Simulate what findings about behaviour warn of.")] = False,
) -> None:
    """Say what is doubtful in a system's architecture.

    Exit code 1 for errors and warnings; notes are free.

    A line's comment `# studio: ignore ARC109: reason` lets one pass; so does a proof that dismisses it.

    Example: studio lint simulations/orders --format sarif -o findings.sarif
    """
    from studio import __version__
    from studio.graph.findings import as_json, as_sarif, as_text
    from studio.graph.lint import review
    from studio.simulation.files import write_file

    if form not in ("text", "json", "sarif"):
        raise UnknownChoice(option="--format", value=form, known="text, json, sarif")
    system = read_system(path)
    found = review(system.graph)
    proofs = _proofs(system, found.findings) if proving else {}
    values = {finding: proof.as_values() for finding, proof in proofs.items()}
    if form == "text":
        told = {finding: str(proof) for finding, proof in proofs.items() if proof.outcome != "untried" or proof.runs}
        text = as_text(found.findings, told, ignored=len(found.ignored))
    else:
        text = as_json(found, values) if form == "json" else as_sarif(found, __version__, values)
    if output is not None:
        write_file(output, text + "\n")
    else:
        typer.echo(text)
    dismissed = {finding for finding, proof in proofs.items() if proof.outcome == "dismissed"}
    raise typer.Exit(1 if any(each.severity != "note" for each in found.findings if each not in dismissed) else 0)


def _proofs(system: System, findings: Sequence[Finding]) -> dict[Finding, Proof]:
    """Prove findings, with progress on a terminal."""
    from studio.simulation.proving.prove import prove

    def tell(done: int, count: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[Kproving {done + 1} of {count}")

    try:
        return prove(findings, system=system, progress=tell)
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
