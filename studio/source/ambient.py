"""Say whether a simulated world answers `time`, `random` and their like here, and how it is asked.

The shims of `studio.source.shims` look at `AMBIENT`: the world of the calling context, or None, when the machine's own
modules answer. What a world answers (virtual time, counter-based draws, greenlets) belongs to the simulation.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

__all__ = ["AMBIENT", "Ambient", "caller"]


@runtime_checkable
class Ambient(Protocol):
    """Answer, for one incarnation in a world, what ordinary Python asks of its machine."""

    def now_ns(self) -> int:
        """Return the world's wall time in nanoseconds since 1970 (UTC), this incarnation's clock offset included."""
        ...

    def monotonic_ns(self) -> int:
        """Return virtual nanoseconds since an unspecified start; never goes back within an incarnation."""
        ...

    def bits(self, function: str, count: int, caller: str) -> int:
        """Draw a number of `count` random bits, as one occurrence of `function` in `caller`.

        A shim asks once for each call that an author's code makes, however many numbers the call needs, so a rejected
        sample never shifts a later draw.

        Args:
            function: Drawn function as authors know it, such as `random.shuffle` or `uuid.uuid4`.
            count: Bits wanted, at least 1; there is no upper bound (`os.urandom`).
            caller: Qualified name of the function that drew, such as `Basket.total` or `<module>`.
        """
        ...

    def sleep_sync(self, seconds: float) -> None:
        """Suspend the calling greenlet in virtual time.

        Args:
            seconds: At least 0.

        Raises:
            BlockingSleep: The caller is async code, which a sleep would block.
        """
        ...


AMBIENT: ContextVar[Ambient | None] = ContextVar("studio_ambient", default=None)
"""World of the calling context; None where the machine answers."""


def caller(depth: int = 1) -> str:
    """Return the qualified name of the function that called a shim.

    Args:
        depth: Frames between the shim and its caller; 1 when the shim itself asks.
    """
    return sys._getframe(depth + 1).f_code.co_qualname  # noqa: SLF001 - inspect.currentframe().f_back costs ten times that
