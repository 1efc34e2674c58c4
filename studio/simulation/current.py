"""Remember which system is meant when none is named, the notebook's or a command's, and which run was the latest.

Held by the module, since threads and tasks of every kind (widgets, dashboards, a front end's loop) ask for it: in most
of them a context variable would be empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import EmptySystem
from studio.graph.system import Build, System

if TYPE_CHECKING:
    from studio.simulation.run import Run
    from studio.simulation.world import World

__all__ = ["build_of", "current_system", "home", "latest", "set_current_system", "set_home", "set_latest"]

_CURRENT: list[System] = []
_LATEST: list[Run | World] = []
_HOME: list[Path] = []


def set_current_system(system: System | None) -> None:
    """State which system `studio.world()` and `studio.simulate()` run; None for none."""
    _CURRENT[:] = [] if system is None else [system]


def current_system() -> System | None:
    """Return the system that is meant when none is named."""
    return _CURRENT[0] if _CURRENT else None


def build_of(system: System | Build | None) -> Build:
    """Return a build to run: of the given system, or of the current one.

    Raises:
        EmptySystem: There is none, or it declares no service.
    """
    chosen = current_system() if system is None else system
    if chosen is None:
        raise EmptySystem
    build = chosen.build() if isinstance(chosen, System) else chosen
    if not build.graph.services:
        raise EmptySystem
    return build


def set_latest(played: Run | World | None) -> None:
    """Remember what was run or played last, for `%trace` and its like."""
    _LATEST[:] = [] if played is None else [played]


def latest() -> Run | World | None:
    """Return what was run or played last in this process, stopped or failed as it may be; None before the first.

    Example:
        run = studio.latest()
    """
    return _LATEST[0] if _LATEST else None


def set_home(path: Path | None) -> None:
    """State which notebook or folder the system is read from, so that what is kept can name it; None for none."""
    _HOME[:] = [] if path is None else [path.resolve()]


def home() -> Path | None:
    """Return the notebook or folder that the system is read from, where that is known."""
    return _HOME[0] if _HOME else None
