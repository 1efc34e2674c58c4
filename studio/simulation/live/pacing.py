"""Let time pass in a played run: by hand, or by itself at a pace, from whichever thread that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from math import isfinite

from studio.errors import InvalidPace, WorldNotRunning
from studio.model.duration import duration_ns, shortest_ns
from studio.simulation.live.playing import Playing

__all__ = ["Pacing"]


class Pacing:
    """The time of a played run; `World` says what each word means.

    Args:
        playing: The run.
    """

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._speed: float | None = None
        self._wishes = 0  # how often somebody has said how it is to go on

    # -- at its own pace --------------------------------------------------------------------------------------------

    @property
    def speed(self) -> float | None:
        """The virtual seconds per second that are asked for; None for as fast as it can."""
        return self._speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        _check(speed)
        with self._turn():
            if self.is_running:
                self._playing.start(speed)
            self._speed = speed

    @property
    def is_running(self) -> bool:
        """Whether it runs by itself."""
        return self._playing.state == "running"

    @property
    def pace(self) -> float:
        """The virtual seconds per second that pass in fact."""
        metronome = self._playing.driver.metronome
        return metronome.pace if metronome is not None and self.is_running else 0.0

    @property
    def is_behind(self) -> bool:
        """Whether the machine cannot keep up."""
        metronome = self._playing.driver.metronome
        return metronome is not None and self.is_running and metronome.is_behind

    def start(self, speed: float | None) -> None:
        """Let it run by itself, or change its speed."""
        _check(speed)
        with self._wish():
            self._playing.start(speed)
            self._speed = speed

    def pause(self) -> None:
        """Halt it, to go on later; nothing where it is halted."""
        with self._wish():
            self._demand_started()
            self._playing.halt(is_paused=True)

    def resume(self) -> None:
        """Let it go on where it was halted; nothing where it runs."""
        with self._wish():
            self._demand_started()
            if not self.is_running:
                self._playing.start(self._speed)

    def stop(self) -> None:
        """Let it run by itself no more; nothing where it does not."""
        with self._wish():
            self._playing.halt(is_paused=False)

    # -- by so much -------------------------------------------------------------------------------------------------

    def advance(self, duration: str) -> None:
        """Let some time pass; where that passes by itself, wait for it."""
        until_ns = self._playing.loop.now_ns + duration_ns(duration)
        if self.is_running:
            self._playing.wait_until_ns(until_ns)
        else:
            self._go_to(until_ns)

    def step(self, duration: str | None) -> None:
        """Halt, and go on for some time, or to the next instant at which something happens."""
        with self._wish():
            if self.is_running:
                self._playing.halt(is_paused=True)
        now_ns = self._playing.loop.now_ns
        next_ns = self._playing.next_ns() if duration is None else now_ns + duration_ns(duration)
        self._go_to(now_ns if next_ns is None else next_ns)

    def settle(self, limit: str) -> None:
        """Let everything happen that follows from what was done; what runs by itself halts for it, and goes on then.

        It does not where somebody has said meanwhile that it is to halt.
        """
        duration_ns(limit)
        with self._turn():
            was_running, wishes = self.is_running, self._wishes
            if was_running:
                self._playing.halt(is_paused=True)
        try:
            self._playing.do("settle", {"limit": limit})
        finally:
            with self._turn():
                if was_running and self._wishes == wishes and self._playing.state == "paused":
                    self._playing.start(self._speed)

    def _go_to(self, until_ns: int) -> None:
        self._playing.do("advance", {"until": shortest_ns(until_ns)})

    def _turn(self) -> AbstractContextManager[None]:
        return self._playing.driver.turn()

    @contextmanager
    def _wish(self) -> Iterator[None]:
        """Say how it is to go on, one after the other."""
        with self._turn():
            self._wishes += 1
            yield

    def _demand_started(self) -> None:
        if self._playing.state not in ("running", "paused"):
            self._playing.demand_open()
            raise WorldNotRunning(state=self._playing.state)


def _check(speed: float | None) -> None:
    """Refuse a speed that is none.

    Raises:
        InvalidPace: It is not finite, or not above 0.
    """
    if speed is not None and not (isfinite(speed) and speed > 0):
        raise InvalidPace(speed=speed)
