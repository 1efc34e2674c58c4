"""The machine's clock, for whoever paces a world: when a stretch is over, how fast the world really goes.

Here alone a played world meets real time. It decides how far the world is driven next, never what happens there.
"""

from __future__ import annotations

import time
from collections import deque

from studio.model.duration import SECOND_NS

__all__ = ["STRETCH_S", "Interval", "Metronome"]

STRETCH_S = 0.03
"""How long a world is driven before its driver looks up."""
LAG_S = 0.25
"""What a world that cannot keep up may be behind; beyond it the rest is let go, so that it never runs to catch up."""
WINDOW_S = 2.0
"""Over how much of the past the pace is measured."""


class Metronome:
    """Say how far a world should be, and how fast it is.

    Args:
        now_ns: Virtual time at which it begins.
        speed: Virtual seconds per second; None for no bound.
    """

    def __init__(self, now_ns: int, speed: float | None) -> None:
        self.is_behind = False
        self._passed: deque[tuple[float, int]] = deque(maxlen=256)
        self.set_speed(now_ns, speed)

    def set_speed(self, now_ns: int, speed: float | None) -> None:
        """Go on from here at another speed."""
        self.speed, self.is_behind = speed, False
        self._from_s, self._from_ns = time.monotonic(), now_ns
        self._passed.clear()
        self._passed.append((self._from_s, now_ns))

    def due_ns(self) -> int:
        """Return the virtual instant that it is now by the machine's clock; only where there is a speed."""
        assert self.speed is not None
        return self._from_ns + int((time.monotonic() - self._from_s) * self.speed * SECOND_NS)

    def begin_stretch(self) -> None:
        """Start to count."""
        self._begun_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Return how long this stretch has lasted."""
        return time.monotonic() - self._begun_s

    def is_over(self) -> bool:
        """Say whether the stretch has lasted long enough."""
        return self.elapsed_s >= STRETCH_S

    def note(self, now_ns: int) -> None:
        """Take down how far the world is; one that is too far behind starts anew from there."""
        now_s = time.monotonic()
        self._passed.append((now_s, now_ns))
        while now_s - self._passed[0][0] > WINDOW_S and len(self._passed) > 2:
            self._passed.popleft()
        if self.speed is not None:
            lag_s = (self.due_ns() - now_ns) / SECOND_NS / self.speed
            self.is_behind = lag_s > LAG_S or (self.is_behind and lag_s > STRETCH_S)
            if lag_s > LAG_S:
                self._from_s, self._from_ns = now_s - LAG_S / 2, now_ns

    @property
    def pace(self) -> float:
        """Return virtual seconds per second, over the last two seconds."""
        (first_s, first_ns), (last_s, last_ns) = self._passed[0], self._passed[-1]
        return (last_ns - first_ns) / SECOND_NS / (last_s - first_s) if last_s > first_s else 0.0


class Interval:
    """Something that is to be done every so often.

    Args:
        every_s: How often, at most.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due_s = time.monotonic() + every_s

    def is_due(self) -> bool:
        """Say whether it is time again, and count anew where it is."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return False
        self._due_s = now_s + self._every_s
        return True
