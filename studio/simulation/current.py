"""Remember which system is meant when none is named: the notebook's, or the one that a command has read."""

from __future__ import annotations

from studio.errors import EmptySystem
from studio.graph.system import Build, System

__all__ = ["build_of", "current_system", "set_current_system"]

_CURRENT: list[System] = []


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
