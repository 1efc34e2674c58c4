"""The frames of the dead, kept so that no `finally` block runs at the moment of a crash.

Dropping a suspended coroutine makes Python unwind it, and its `finally` blocks would then act: write, send, release. A
real process that is killed does none of that. So frames wait here and are unwound in the order of their death when the
run ends, or early when there are too many; at either time their incarnation is dead, and ports refuse the dead.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.simulation.virtual.incarnation import Frame

__all__ = ["Graveyard"]


class Graveyard:
    """Keep fenced frames in the order of their death.

    Args:
        limit: How many frames to keep; beyond it the oldest is unwound.
    """

    __slots__ = ("_frames", "buried", "limit")

    def __init__(self, *, limit: int = 10_000) -> None:
        self.limit = limit
        self.buried = 0
        self._frames: deque[Frame] = deque()

    def __len__(self) -> int:
        return len(self._frames)

    def bury(self, frame: Frame) -> None:
        """Keep a fenced frame; a frame that is running now is unwound no earlier than the run's end."""
        self.buried += 1
        self._frames.append(frame)

    def trim(self) -> None:
        """Unwind the oldest frames beyond the limit; the loop calls it between steps, when no frame runs."""
        while len(self._frames) > self.limit:
            self._frames.popleft().close()

    def close(self) -> None:
        """Unwind every frame, the earliest dead first."""
        while self._frames:
            self._frames.popleft().close()
