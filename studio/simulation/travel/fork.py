"""Go on from a moment of a run under another plan, or with other code.

Coroutines cannot be copied, so a fork runs from zero to the moment under the same case, and is refused where that way
was not the same. From there the plan is another, and other code comes as a deploy does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from studio.errors import ForkDiffers, NotForkable
from studio.graph.system import Build, System
from studio.model.fault import Fault
from studio.records import Record, Violation, canonical
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.current import build_of
from studio.simulation.play import Intervention
from studio.simulation.simulate import simulate
from studio.simulation.targets import check_plan
from studio.simulation.travel.moment import Point, point_of
from studio.store import Log

if TYPE_CHECKING:
    from studio.simulation.run import Run

__all__ = ["Parent", "fork"]


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a forked run comes from.

    Attributes:
        run: The run that it was forked from.
        point: Where in it.
        faults: The plan from there on; None for the same.
        code: What runs from there on; None for the same.
    """

    run: Run
    point: Point
    faults: tuple[Fault, ...] | None
    code: Build | None

    @property
    def intervention(self) -> Intervention:
        """Return what is done to the cluster at that moment."""
        if self.point.is_time or self.point.seq < 0:
            return Intervention(self._act, at_ns=self.point.at_ns)
        return Intervention(self._act, after_record=self.point.seq + 1)

    def _act(self, cluster: Cluster) -> None:
        if self.faults is not None:
            cluster.harm.end()
            for fault in self.faults:
                cluster.inject(fault)
        if self.code is not None:
            cluster.redeploy(self.code)


def fork(
    run: Run,
    *,
    at: int | str,
    faults: Sequence[Fault] | None = None,
    code: System | Build | None = None,
    log: Log | None = None,
) -> Run:
    """Return a run that is the same until a moment, and then goes on under another plan or with other code.

    Args:
        run: Of a scenario, finished; a fork of one can be forked again, later in it.
        at: A place among its records, a time, or `"message 7"`.
        faults: The plan from there on, instead of the one there was; empty for none. None keeps it.
        code: What every replica runs from there on: they crash and start again on it, and durable state stays.
        log: Where records go; by default memory.

    Raises:
        NoSuchMoment: The run has none such.
        NotForkable: Not all that decided the run is known.
        ForkDiffers: The way to the moment was another this time.
        UnknownTarget: A fault names what does not exist.
    """
    if run.case is None:
        raise NotForkable(what="a world that is still played", reason="close it first: its script goes on")
    if run.status in ("running", "aborted"):
        raise NotForkable(what=f"run {run.number}", reason=f"it is {run.status}")
    plan, program = None if faults is None else tuple(faults), None if code is None else build_of(code)
    parent = Parent(run, point_of(run, at), plan, program)
    check_plan(parent.code or run.build, parent.faults or ())
    origin, parents = _chain(run, parent)
    interventions = [each.intervention for each in parents]
    found = simulate(run.case, system=origin.build, log=log or Log.memory(), interventions=interventions, keep=False)
    _verify(run, found, parent.point)
    found.parent = parent
    found.plan = (*run.plan, *(parent.faults or ()))
    return found


def _chain(run: Run, parent: Parent) -> tuple[Run, list[Parent]]:
    """Return the run at the beginning, and all forks on the way, the first one first."""
    parents = [parent]
    while run.parent is not None:
        parents.insert(0, run.parent)
        run = run.parent.run
    return run, parents


def _verify(run: Run, found: Run, point: Point) -> None:
    """Refuse a fork whose way to the moment was another.

    Raises:
        ForkDiffers: Naming the first record that is another.
    """
    pairs = islice(zip(run.log.records(), found.log.records(), strict=False), point.seq + 1)
    for seq, (before, after) in enumerate(pairs):
        if canonical([before]) != canonical([after]) and not isinstance(before, Violation):
            raise ForkDiffers(at=point.asked, seq=seq, before=_short(before), after=_short(after))


def _short(record: Record) -> str:
    text = str(record)
    return text if len(text) <= 160 else text[:159] + "…"
