"""Run kept counterexamples from the command line, and tell which are mended."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from studio.graph.system import Build, System
    from studio.simulation.counterexample.kept import Kept

__all__ = ["run_case", "run_kept"]

WIDTH: Final = 120
"""Of a story's lines at most; the terminal's where that is narrower."""


def run_case(system: System, file: Path) -> int:
    """Run one kept counterexample and tell its story; return 1 where it still fails.

    Raises:
        InvalidCounterexample: The file holds none.
    """
    from studio.simulation.counterexample.kept import load, retry

    kept, build = load(file), system.build()
    found = retry(kept, build)
    typer.echo(str(found))
    if found.rows:
        _tell(kept, build)
    return 0 if found.is_mended else 1


def run_kept(system: System, path: Path) -> int:
    """Run all counterexamples that are kept beside a system; return 1 where one still fails, or cannot be run."""
    from studio.simulation.counterexample.kept import kept_beside, retry

    kept, build = kept_beside(path), system.build()
    if not kept:
        place = path if path.is_dir() else path.parent
        typer.echo(f"no counterexamples are kept in {place / 'simulations'}; `.save()` keeps one")
    failing = 0
    for each in kept:
        found = retry(each, build)
        typer.echo(str(found))
        failing += not found.is_mended
        if found.rows and len(kept) == 1:
            _tell(each, build)
    if kept:
        typer.echo(f"{len(kept) - failing} of {len(kept)} mended")
    return 1 if failing else 0


def _tell(kept: Kept, build: Build) -> None:
    """Print the story of a counterexample, as wide as the terminal is."""
    width = min(shutil.get_terminal_size((WIDTH, 0)).columns, WIDTH)
    typer.echo(kept.counterexample.story(build).text(width, is_kept=True))
