"""Know who can show a world or a run: front ends register what they offer, worlds and runs ask here.

The simulation imports no front end. A notebook's extension registers when it is loaded, and takes itself out when it is
unloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from studio.errors import NoFrontEnd

__all__ = ["Face", "forget_faces", "register_face", "show"]

Face = Literal["controls", "dashboard", "explorer"]
"""What can be asked for: controls of a world, the dashboard of a world, an explorer of a run."""

_NAMES: dict[Face, str] = {
    "controls": "world.controls()",
    "dashboard": "world.dashboard()",
    "explorer": "run.explorer()",
}
_MAKERS: dict[Face, Callable[..., Any]] = {}


def register_face(face: Face, make: Callable[..., Any]) -> None:
    """Offer something to look at; the latest to offer it is asked.

    Args:
        face: What is offered.
        make: Takes the world or run, and options by keyword; returns what a cell can show.
    """
    _MAKERS[face] = make


def forget_faces() -> None:
    """Take everything back that was offered."""
    _MAKERS.clear()


def show(face: Face, subject: object, **options: Any) -> Any:
    """Return what shows a world or a run.

    Args:
        face: What is asked for.
        subject: The world or run.
        options: Of that face.

    Raises:
        NoFrontEnd: Nothing is loaded that offers it.
    """
    if face not in _MAKERS:
        raise NoFrontEnd(what=_NAMES[face])
    return _MAKERS[face](subject, **options)
