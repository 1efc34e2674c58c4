"""What ordinary Python sees of a simulated machine: its clock, its randomness, and sleep in synchronous code.

The shims of `studio.source` ask here. Draws are hashed from seed, incarnation, the message being handled, the function
that draws, what it draws and the occurrence. Synchronous code runs in a greenlet, so that a sleep in it suspends the
handler in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import greenlet  # type: ignore[import-untyped]  # it ships none

from studio.errors import BlockingSleep
from studio.ports import ACTING
from studio.simulation.randomness import Draws
from studio.simulation.virtual.awaiting import sleep_ns
from studio.simulation.virtual.incarnation import Incarnation
from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["EPOCH_NS", "Surroundings", "run_sync"]

EPOCH_NS = 1_767_225_600_000_000_000
"""Wall time at which every run begins: 2026-01-01T00:00:00Z."""
_UNWIND_ATTEMPTS = 100


class Surroundings:
    """Answer `time`, `random` and their like for one incarnation; see `studio.source.ambient.Ambient`.

    Args:
        loop: Whose time it is.
        seed: Of the run.
        incarnation: Who draws; its key tells lives apart, so that a restarted process does not draw the same again.
    """

    __slots__ = ("_draws", "_incarnation", "_loop", "_seed")

    def __init__(self, loop: VirtualLoop, seed: int, incarnation: Incarnation) -> None:
        self._loop, self._seed, self._incarnation = loop, seed, incarnation
        self._draws = Draws(seed, incarnation.key)

    def now_ns(self) -> int:
        """Return the world's wall time, as the machine has it."""
        skew = self._incarnation.skew
        return EPOCH_NS + (self._loop.now_ns if skew is None else skew.wall_ns())

    def monotonic_ns(self) -> int:
        """Return virtual time since the run began, as the machine counts it."""
        skew = self._incarnation.skew
        return self._loop.now_ns if skew is None else skew.elapsed_ns()

    def bits(self, function: str, count: int, caller: str) -> int:
        """Draw random bits."""
        acting: Any = ACTING.get()
        if acting is None:
            return self._draws.stream(caller, function).bits(count)
        if acting.draws is None:
            acting.draws = Draws(self._seed, self._incarnation.key, acting.causal)
        draws: Draws = acting.draws
        return draws.stream(caller, function).bits(count)

    def sleep_sync(self, seconds: float) -> None:
        """Suspend the calling greenlet in virtual time.

        Raises:
            BlockingSleep: The caller is async code.
        """
        current = greenlet.getcurrent()
        if current.parent is None or not isinstance(current, _SyncGreenlet):
            raise BlockingSleep(seconds=seconds)
        try:
            delay_ns, skew = max(round(seconds * 1e9), 0), self._incarnation.skew
            current.parent.switch(delay_ns if skew is None else skew.true_ns(delay_ns))
        except greenlet.GreenletExit:  # its process is dead: no verb in a `finally` acts, they refuse
            ACTING.set(None)
            raise


class _SyncGreenlet(greenlet.greenlet):  # type: ignore[misc]  # untyped base
    """A greenlet that `run_sync` made."""


async def run_sync(function: Callable[[], Any]) -> Any:
    """Run a synchronous function so that its sleeps are virtual, and return its result.

    After a crash it never goes on: its frames are unwound with those of the task that waits for it.
    """
    runner = _SyncGreenlet(function)
    runner.gr_context = copy_context()
    result = runner.switch()
    try:
        while not runner.dead:
            await sleep_ns(result)
            result = runner.switch()
    except GeneratorExit:
        for _ in range(_UNWIND_ATTEMPTS):  # it may sleep again in a `finally`
            if runner.dead:
                break
            runner.throw()
        raise
    return result
