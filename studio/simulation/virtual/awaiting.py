"""What the simulator's own code awaits on the short path: to sleep, to wait for ever, or until somebody resumes it."""

from __future__ import annotations

import types
from collections.abc import Callable, Generator
from typing import Any, final

from studio.simulation.virtual.task import Effect, HandlerTask, Park

__all__ = ["park", "perform", "sleep_ns", "suspend"]


@types.coroutine
def sleep_ns(delay_ns: int) -> Generator[int, None, None]:
    """Wait in virtual time.

    Args:
        delay_ns: Nanoseconds; zero or less lets everyone else who is due now go first.
    """
    yield delay_ns if delay_ns > 0 else 0  # noqa: FURB136 - max() would cost a call, for each sleep


@types.coroutine
def park() -> Generator[Effect, Any, None]:
    """Wait for ever: until cancelled, or closed with the run. This is how crashed code gives up the control."""
    yield Park()


@types.coroutine
def suspend(arm: Callable[[Effect], object]) -> Generator[Effect, Any, Any]:
    """Wait until someone resumes the effect given to `arm`; return the value it was resumed with.

    Args:
        arm: Called once the handler is suspended. It keeps the effect where the waker finds it.
    """
    return (yield _Suspension(arm))


@types.coroutine
def perform(effect: Effect) -> Generator[Effect, Any, Any]:
    """Wait for an effect of a class of your own, and return what it was resumed with."""
    return (yield effect)


@final
class _Suspension(Effect):
    __slots__ = ("_arm",)

    def __init__(self, arm: Callable[[Effect], object]) -> None:
        self._arm = arm

    def arm(self, task: HandlerTask) -> None:
        self._arm(self)
