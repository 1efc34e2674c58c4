"""One life of one replica: what belongs to it, and the fence that a crash puts around it.

An incarnation is the process that the simulation pretends a replica is. Whatever runs for it runs in a context that
carries it, so that timers, callbacks and child tasks are known to be its own. What a service's memory holds is left to
the loader; when to crash is left to the faults.
"""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from studio.simulation.cluster.skew import Skew, SkewedClock
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["INCARNATION", "Frame", "Incarnation"]


class Frame(Protocol):
    """Something suspended that a crash must keep from acting: a task, or a greenlet."""

    def fence(self) -> None:
        """Never run the author's code again, whoever asks."""

    def close(self) -> None:
        """Unwind the author's frames; called once, in the graveyard, and must not raise."""


class Incarnation:
    """Own what one life of one replica runs.

    Args:
        name: Such as `Inventory/2#3`: service, replica, how many lives before this one.
        key: Unique in the loop and the same in every process, such as `stable_key(name)`. It orders work that is due at
            the same instant, and the fence knows the dead by it.
        loop: The loop that runs it.

    Attributes:
        skew: What is wrong with the clock of its machine, and `clock` the port that shows it; None where it is right.
    """

    __slots__ = ("__weakref__", "alive", "clock", "frames", "key", "loop", "name", "skew")

    def __init__(self, name: str, key: int, loop: VirtualLoop) -> None:
        assert key not in loop.incarnations, f"two incarnations have the key of {name}"
        assert key not in loop.dead, f"a dead incarnation had the key of {name}"
        loop.incarnations[key] = self
        self.name = name
        self.key = key
        self.loop = loop
        self.alive = True
        self.skew: Skew | None = None
        self.clock: SkewedClock | None = None
        self.frames: dict[int, Frame] = {}  # by id, which is cheap to hash; still in order of creation

    def __repr__(self) -> str:
        return f"<Incarnation {self.name} {'alive' if self.alive else 'dead'}>"

    def context(self) -> Context:
        """Return a copy of the current context in which everything belongs to this incarnation."""
        context = copy_context()
        context.run(INCARNATION.set, self)
        return context

    def crash(self) -> None:
        """Fence this incarnation: nothing of it ever runs again; a second crash does nothing.

        It may be called from the incarnation's own code; that code must then `park()`, since only its next await can
        take the control away. Frames go to the graveyard, not to the garbage collector: no `finally` runs now.
        """
        if not self.alive:
            return
        self.alive = False
        del self.loop.incarnations[self.key]
        self.loop.halt_for_good(self.key)
        frames = list(self.frames.values())
        self.frames.clear()
        for frame in frames:
            frame.fence()
            self.loop.graveyard.bury(frame)


INCARNATION: ContextVar[Incarnation] = ContextVar("incarnation")
"""The incarnation whose code is running; unset outside a simulation."""
