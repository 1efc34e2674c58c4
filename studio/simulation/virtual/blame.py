"""Find who goes on and on: the author's frames of a handler that is about to run once more at the same instant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from studio.errors import Where
from studio.simulation.virtual.task import HandlerTask
from studio.source.loader import place

__all__ = ["blame"]

_FRAMES_MAX = 20


def blame(ready: Iterable[asyncio.Handle], due: Iterable[tuple[int, Any, Any]]) -> tuple[Where | None, str]:
    """Return the innermost place in an author's code among what is to run now, and the frames that lead there.

    Args:
        ready: Callbacks that are to run in this instant.
        due: Entries of the loop that are.

    Returns:
        The place, None where no author's code is suspended there; and a line for each frame, outermost first, empty
        for none.
    """
    callbacks = [handle._callback for handle in ready]  # type: ignore[attr-defined]  # noqa: SLF001 - no public form
    entries = [part for _, function, argument in due for part in (function, argument)]
    for task in _tasks([*callbacks, *entries]):
        frames = [(frame, found) for frame in _frames(task.get_coro()) if (found := place_of(frame)) is not None]
        if frames:
            told = (f"\n  {found} in {frame.f_code.co_qualname}" for frame, found in frames[-_FRAMES_MAX:])
            return frames[-1][1], "".join(told)
    return None, ""


def place_of(frame: FrameType) -> Where | None:
    """Return the place of this very frame in an author's code; None where it is somebody else's."""
    return place(frame) if frame.f_back is None else None


def _tasks(parts: Iterable[Any]) -> Iterator[HandlerTask]:
    """Yield the handlers among callbacks, bound methods and exchanges."""
    for part in parts:
        owner = getattr(part, "__self__", part)
        for found in (owner, getattr(owner, "task", None)):
            if isinstance(found, HandlerTask):
                yield found


def _frames(work: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended coroutine, outermost first."""
    while work is not None:
        frame = getattr(work, "cr_frame", None) or getattr(work, "gi_frame", None) or getattr(work, "ag_frame", None)
        if frame is not None:
            yield frame
        work = getattr(work, "cr_await", None) or getattr(work, "gi_yieldfrom", None)
