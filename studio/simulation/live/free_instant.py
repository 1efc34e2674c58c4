"""Choose where an act falls in a world that runs by itself: an instant at which nothing else is due.

So it can be declared to be there. Whole milliseconds are taken where there are any, since people read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from studio.model.by_hand import SCHEDULED, act_from
from studio.model.duration import SECOND_NS
from studio.simulation.live.hands import Hands
from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["grid_ns", "next_whole_ns", "reach_free_instant"]

GRID_NS = 1_000_000
"""Acts fall on multiples of it, by choice."""
AHEAD_S = 0.02
"""How far ahead of its pace a world may run to come to such a multiple; a slow one has a finer grid."""
GRID_TRIES = 20
"""How many multiples in a row may be taken before any nanosecond will do."""
TRIES_MAX = 1_000
"""How many nanoseconds in a row may be taken before an act shares one."""


def grid_ns(speed: float | None) -> int:
    """Return the grid of a world's acts: a millisecond, or the power of ten that a slow one soon comes to.

    Args:
        speed: Virtual seconds per second; None for no bound.
    """
    grid = GRID_NS
    while speed is not None and grid > 1 and grid > speed * AHEAD_S * SECOND_NS:
        grid //= 10
    return grid


def next_whole_ns(now_ns: int, grid: int) -> int:
    """Return the first instant on a grid that is not past."""
    return -(-now_ns // grid) * grid


def reach_free_instant(hands: Hands, verb: str, given: dict[str, Any], grid: int) -> int:
    """Go on to an instant at which nothing but an act happens, and return it; all before it has happened then.

    Args:
        hands: Of the world.
        verb: What is to be done.
        given: What the verb is given.
        grid: Of which instants are best.
    """
    loop, timetable = hands.cluster.loop, hands.timetable
    hands.run_until_ns(loop.now_ns)
    at_ns = loop.now_ns
    for at_ns in _candidates(loop, grid):
        act = act_from(at_ns, verb, given)
        if not all(map(timetable.is_free, hands.instants(act))):
            continue
        hands.reach(act)
        if verb not in SCHEDULED or timetable.is_free(at_ns):  # on the way to it something may have been set for it
            break
    return at_ns


def _candidates(loop: VirtualLoop, grid: int) -> Iterator[int]:
    first = next_whole_ns(loop.now_ns + 1, grid)
    yield from range(first, first + GRID_TRIES * grid, grid)
    yield from islice(count(loop.now_ns + 1), TRIES_MAX)
