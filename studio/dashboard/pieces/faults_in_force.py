"""Tell which faults of a run are in force at an instant, from its plan or from the world that it belongs to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.model.by_hand import Act, script_from
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Swarm, Together
from studio.simulation.case import Case
from studio.simulation.harming.fault_words import in_words
from studio.simulation.live.fault_windows import played_faults

if TYPE_CHECKING:
    from studio.dashboard.pieces.scene_index import SceneIndex
    from studio.simulation.world import World
    from studio.store.windows.run_view import RunView

__all__ = ["fault_marks", "faults_at", "in_force", "numbered_faults", "planned_faults"]

_AFTER = ("down_ns", "lasts_ns", "last_ns")  # how long what begins at an instant goes on, by the fields of its kind


def planned_faults(view: RunView, world: World | None) -> tuple[Fault, ...]:
    """Return the faults of a run, each with its window: those of its case, and those that were put into it by hand.

    Args:
        view: Of the run.
        world: Only when the run is its own.
    """
    return tuple(numbered_faults(view, world).values())


def numbered_faults(view: RunView, world: World | None) -> dict[int, Fault]:
    """Return the same by the numbers under which the log says that they struck."""
    if world is not None:
        return {each.number: each.played for each in world.faults}
    text = view.row.info.case
    try:
        case = Case.from_json(text) if text else None
        if case is None:
            return {}
        return dict(enumerate(played_faults(case.plan, case.script or _script_of(view)), start=1))
    except StudioError:  # another version wrote it: the picture is drawn without
        return {}


def _script_of(view: RunView) -> tuple[Act, ...]:
    """Return what was done to a world that goes on elsewhere, or was cut off, as far as its log tells."""
    if view.row.status != "running":
        return ()
    return script_from([json.loads(each) for each in view.acts()])


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
