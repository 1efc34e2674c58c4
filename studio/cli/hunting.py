"""Commands that look for what breaks a system."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system
from studio.errors import NoScenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.simulation.hunting.hunt import Hunt
    from studio.simulation.hunting.trials import HuntProgress

__all__ = ["hunt"]


@app.command()
def hunt(  # noqa: PLR0913 - one option each
    path: PathArgument,
    *,
    scenario: Annotated[list[str] | None, typer.Option("--scenario", "-s", help="Only this one; repeatable.")] = None,
    duration: Annotated[str | None, typer.Option(help="Time of the machine for each scenario, such as 60s.")] = None,
    runs: Annotated[int | None, typer.Option(help="Runs for each scenario; 200 where no duration is given.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only faults of this kind; repeatable.")] = None,
    invariant: Annotated[
        list[str] | None, typer.Option("--invariant", "-i", help="Only this promise; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option(help="Go on until each promise is broken, or the budget is used up.")] = False,
    save: Annotated[bool, typer.Option(help="Keep what is found as JSON, with a test beside it.")] = False,
    folder: Annotated[Path, typer.Option(help="Where to keep it.")] = Path("simulations"),
) -> None:
    """Search for the fewest faults that break a promise; exit code 1 when there are some.

    Example: studio hunt simulations/orders --scenario calm --duration 60s --save
    """
    from studio.simulation.hunting.hunt import hunt as run_hunt

    system = read_system(path)
    if not system.graph.scenarios:
        raise NoScenario(path=str(path))
    found: list[Hunt] = []
    for name in scenario or list(system.graph.scenarios):
        found.append(
            run_hunt(name, system=system, runs=runs, duration=duration, seed=seed, kinds=kind, invariants=invariant,
                     every=every, progress=_progress())
        )  # fmt: skip
        _show(found[-1], folder if save else None, path)
        if found[-1].is_interrupted:
            break
    is_stopped = found[-1].is_interrupted
    raise typer.Exit(1 if any(each.counterexamples for each in found) else 130 if is_stopped else 0)


def _show(found: Hunt, folder: Path | None, path: Path) -> None:
    typer.echo(f"{found.scenario}: {found}")
    if folder is not None:
        for each in found.counterexamples:
            typer.echo(f"  Kept: {each.save(folder, path=path)}")


def _progress() -> Callable[[HuntProgress], None] | None:
    """Return what shows progress on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(progress: HuntProgress) -> None:
        sys.stderr.write(f"\r\033[K{progress.share:4.0%}  {progress}\r")
        sys.stderr.flush()

    return tell
