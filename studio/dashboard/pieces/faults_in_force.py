"""Tell which faults of a run are in force at an instant, from its plan or from the world that it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from studio.errors import InvalidCase
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Swarm, Together
from studio.simulation.case import Case
from studio.simulation.harming.fault_words import in_words

if TYPE_CHECKING:
    from studio.dashboard.pieces.scene_index import SceneIndex
    from studio.simulation.world import World
    from studio.store.shelf import RunRow

__all__ = ["fault_marks", "faults_at", "in_force", "numbered_faults", "planned_faults"]

_AFTER = ("down_ns", "lasts_ns", "last_ns")  # how long what begins at an instant goes on, by the fields of its kind


def planned_faults(row: RunRow, world: World | None) -> tuple[Fault, ...]:
    """Return the faults of a run: of a world that goes on those that were put into it so far, else those of its case.

    Args:
        row: The run.
        world: Only when the run is its own.
    """
    return tuple(numbered_faults(row, world).values())


def numbered_faults(row: RunRow, world: World | None) -> dict[int, Fault]:
    """Return the same by the numbers under which the log says that they struck."""
    if world is not None:
        # One that was lifted without a window of its own says nothing of when it was in force: it is left out.
        standing = (each for each in world.faults if each.is_in_force or each.fault.until_ns is not None)
        return {each.number: each.fault for each in standing}
    try:
        return dict(enumerate(Case.from_json(row.info.case).plan, start=1)) if row.info.case else {}
    except InvalidCase:  # another version wrote it: the picture is drawn without
        return {}


def in_force(plan: Sequence[Fault], from_ns: int, until_ns: int) -> tuple[Fault, ...]:
    """Return the faults that were in force at the end of a stretch of time, and those that struck once within it."""
    return tuple(fault for fault in _single(plan) if _is_in_force(fault, from_ns, until_ns))


def faults_at(plan: Sequence[Fault], index: SceneIndex, from_ns: int, until_ns: int) -> dict[str, tuple[str, ...]]:
    """Return what is in force, in words, by the key of the part that it strikes; the key is empty where it is none."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for fault in in_force(plan, from_ns, until_ns):
        for key in dict.fromkeys(index.part_of(target) for target in fault.targets):
            found[key][in_words(fault)] = None
    return {key: tuple(words) for key, words in found.items()}


def fault_marks(plan: Sequence[Fault], *, at_most: int = 60) -> list[list[Any]]:
    """Return when faults are in force, for a line of time: from, until, words; those without a window are left out."""
    found = []
    for fault in _single(plan):
        until_ns = fault.from_ns + _lasts_ns(fault) if fault.tempo == "instant" else fault.until_ns
        if until_ns is not None:
            found.append([fault.from_ns, until_ns, in_words(fault)])
    return found[:at_most]


def _single(plan: Sequence[Fault]) -> Iterator[Fault]:
    """Yield the parts of faults that strike together; what a swarm draws stands in the plan by itself."""
    for fault in plan:
        if isinstance(fault, Together):
            yield from _single(fault.parts)
        elif not isinstance(fault, Swarm):
            yield fault


def _is_in_force(fault: Fault, from_ns: int, until_ns: int) -> bool:
    if fault.tempo != "instant":
        return fault.is_due(max(0, until_ns - 1))
    lasts_ns = _lasts_ns(fault)
    return fault.from_ns < until_ns and fault.from_ns + lasts_ns >= (until_ns if lasts_ns else from_ns)


def _lasts_ns(fault: Fault) -> int:
    return max(int(getattr(fault, name, 0) or 0) for name in _AFTER)
