"""Offer what a notebook's cell can show of worlds and runs; each loads its library when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.errors import MissingExtra
from studio.simulation.faces import register_face

if TYPE_CHECKING:
    from studio.simulation.run import Run
    from studio.simulation.world import World

__all__ = ["register_widgets"]


def register_widgets() -> None:
    """Let `world.controls()` and `run.explorer()` answer with what a cell can show."""
    register_face("controls", _controls)
    register_face("explorer", _explorer)


def _controls(world: World) -> Any:
    try:
        from studio.notebook.widgets.world_controls import WorldControls
    except ModuleNotFoundError as error:
        raise _missing("world.controls()", error) from error
    return WorldControls(world)


def _explorer(run: Run) -> Any:
    try:
        from studio.notebook.widgets.run_explorer import explore
    except ModuleNotFoundError as error:
        raise _missing("run.explorer()", error) from error
    return explore(run)


def _missing(what: str, error: ModuleNotFoundError) -> Exception:
    """Return what to install; an error of ours where it is a module of ours that is missing."""
    if (error.name or "").startswith("studio"):
        return error
    return MissingExtra(what=f"{what}: {error.name}", extra="lab")
