"""Commands that look for what breaks a system."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.terminal import PathArgument, app, read_system
from studio.errors import NoScenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.simulation.counterexample.counterexample import Counterexample
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
    bus: Annotated[str, typer.Option(help="Delivery model: jetstream, rabbitmq or kafka.")] = "",
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only faults of this kind; repeatable.")] = None,
    invariant: Annotated[
        list[str] | None, typer.Option("--invariant", "-i", help="Only this promise; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option("--every", help="Go on until each promise is broken.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Keep what is found as JSON, with a test beside it.")] = False,
    folder: Annotated[Path, typer.Option(help="Where to keep it.")] = Path("simulations"),
    details: Annotated[bool, typer.Option("--details", help="Say all that a verdict rests on, kind by kind.")] = False,
) -> None:
    """Find the fewest faults that break a promise.

    Every place is tried at which a fault can strike, first one fault, then two; then plans are drawn at random. What
    breaks is shrunk, and shown with its replay line. Exit code: 0 nothing broke, 1 something did, 2 wrong usage.

    Example: studio hunt simulations/orders --scenario calm --duration 60s --save
    """
    from studio.simulation.hunting.hunt import hunt as run_hunt

    system = read_system(path)
    if not system.graph.scenarios:
        raise NoScenario(path=str(path))
    found: list[Hunt] = []
    seen: dict[str, str] = {}
    for name in scenario or list(system.graph.scenarios):
        found.append(
            run_hunt(name, system=system, runs=runs, duration=duration, seed=seed, bus=bus,
                     kinds=kind, invariants=invariant, every=every, progress=_progress())
        )  # fmt: skip
        _clear()
        if not _is_known(found[-1], seen):
            _show(found[-1], path, folder, is_kept=save, is_full=details)
        if found[-1].is_interrupted:
            break
    is_stopped = found[-1].is_interrupted
    raise typer.Exit(1 if any(each.counterexamples for each in found) else 130 if is_stopped else 0)


def _is_known(found: Hunt, seen: dict[str, str]) -> bool:
    """Say in one line what broke, if the same was told of another scenario before; note it if not."""
    names = [each.name for each in found.counterexamples]
    if names and all(name in seen for name in names):
        same = "; ".join(f"{each.invariant}, as in {seen[each.name]}" for each in found.counterexamples)
        typer.echo(f"{found.scenario}: Broken: {same}")
        return True
    seen |= {name: found.scenario for name in names if name not in seen}
    return False


def _show(found: Hunt, path: Path, folder: Path, *, is_kept: bool, is_full: bool) -> None:
    from studio.simulation.hunting.hunt_text import hunt_text

    def again(each: Counterexample) -> list[str]:
        """Keep a counterexample if that is wanted, and say how it is run again."""
        file = each.save(folder, path=path) if is_kept else folder / f"{each.name}.json"
        kept = f"Kept: {file}" if is_kept else f"Keep it with --save, which writes {file}"
        return [kept, f"Replay: studio simulate {path} --case {file}"]

    typer.echo(f"{found.scenario}: {hunt_text(found, again=again, is_full=is_full)}")


def _progress() -> Callable[[HuntProgress], None] | None:
    """Return what shows progress on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    columns = shutil.get_terminal_size().columns

    def tell(progress: HuntProgress) -> None:
        line = f"{progress.share:4.0%}  {progress}"[: columns - 1]
        sys.stderr.write(f"\r\033[K{line}\r")
        sys.stderr.flush()

    return tell


def _clear() -> None:
    """Take the line of progress away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
