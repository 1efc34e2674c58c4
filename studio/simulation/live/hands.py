"""Do to a running cluster what an act says: one function for the world where it is done first and for any repetition.

An act has its instant. What a declaration could say as well (a message, a workload, a fault) is entered just before it,
as declarations are entered before the run; anything else is done once all is done that was due at that instant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from studio.errors import HandlerStalledError, LogFull, NotInForce, TimeStandsStillError, nearest
from studio.model.by_hand import CLOSE, SCHEDULED, Act
from studio.model.fault import Fault, plan_from
from studio.model.workload import Workload
from studio.ports import ACTING
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.cluster.node import Node
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Timetable
from studio.simulation.live.deeds import DONE_AT_ONCE, WORKS
from studio.simulation.live.fault_windows import windowed
from studio.simulation.live.in_force import StandingFault, StandingWorkload
from studio.simulation.live.message_body import message_from
from studio.simulation.live.workload_json import workload_from
from studio.simulation.targets import check_plan
from studio.simulation.workload.arrivals import Arrivals

__all__ = ["FOREVER_NS", "Answer", "Hands", "reach_ns"]

FOREVER_NS = 1 << 62
"""The last instant of a workload that lasts as long as its world."""
_FATAL = (HandlerStalledError, TimeStandsStillError, LogFull)


@dataclass(slots=True, eq=False)
class Answer:
    """What comes of an act, in its own time.

    Attributes:
        task: Which is over when it is there; None before it has begun.
        value: Where it is there at once.
    """

    task: Any = None
    value: Any = None
    is_done: bool = False

    def take(self, task: Any) -> None:
        """Keep the task that has ended; whoever asks for the result gets its error."""
        if not task.cancelled():
            task.exception()  # it counts as asked for, as a caller's would
        self.task, self.is_done = task, True

    @property
    def trace(self) -> int:
        """Return the trace in which it was worked on; 0 where that is not known."""
        acting = None if self.task is None else self.task.get_context().get(ACTING)
        return 0 if acting is None else int(acting.trace)

    def result(self) -> Any:
        """Return what came of it, or raise that."""
        return self.value if self.task is None else self.task.result()


def reach_ns(act: Act) -> int:
    """Return until when all must have been done before an act is."""
    return act.at_ns - 1 if act.verb in SCHEDULED and not act.waits else act.at_ns


class Hands:
    """Act on a cluster.

    Args:
        cluster: Which.
        timetable: Its regular work.
        outside: Who sends.
        first_number: Of the workloads that are added.
        check: Checks every invariant; `check` is refused without it.

    Attributes:
        trouble: What went wrong the last time that time passed here; None where nothing has.
    """

    def __init__(
        self,
        cluster: Cluster,
        timetable: Timetable,
        outside: Outside,
        *,
        first_number: int = 1,
        check: Callable[[], object] | None = None,
    ) -> None:
        self.cluster, self.timetable, self.outside, self.check = cluster, timetable, outside, check
        self.streams: list[Any] = []
        self.trouble: Exception | None = None
        self._workloads: dict[int, tuple[Workload, Arrivals]] = {}
        self._put: dict[int, int] = {}
        self._lifted: dict[int, int] = {}
        self._first_number, self._entered = first_number, 0

    # -- acting -----------------------------------------------------------------------------------------------------

    def repeat(self, act: Act) -> None:
        """Do an act once more; what it raised the first time it may raise again, which is nobody's business."""
        self.reach(act)
        try:
            self.perform(act)
        except _FATAL:
            raise
        except Exception:  # noqa: BLE001 - whatever an author's code may raise
            return

    def reach(self, act: Act) -> None:
        """Let all happen that is to happen before an act."""
        if act.verb == CLOSE and act.at_ns <= self.cluster.loop.now_ns:
            return
        if reach_ns(act) > self.cluster.loop.now_ns:
            self.run_until_ns(reach_ns(act))
        self.finish_instant()

    def run_until_ns(self, deadline_ns: int) -> None:
        """Run everything until an instant, regular work included, whoever asks for a stop on the way."""
        with self._minding_trouble():
            while not self.timetable.run_until_ns(deadline_ns):
                self.finish_instant()

    def finish_instant(self) -> None:
        """Run what is left of this instant."""
        loop = self.cluster.loop
        with self._minding_trouble():
            while loop.next_ns() == loop.now_ns and not loop.run_until_ns(loop.now_ns):
                pass  # a stop was asked for: the instant is finished all the same

    @contextmanager
    def _minding_trouble(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.trouble = error
            raise

    def perform(self, act: Act) -> Answer:
        """Do an act, now that its instant has come.

        Returns:
            What comes of it: at once where the act waits, else when it has come.
        """
        given = act.arguments
        if act.verb in SCHEDULED:
            return self._schedule(act, given)
        if act.verb in DONE_AT_ONCE:
            return Answer(value=DONE_AT_ONCE[act.verb](self, **given), is_done=True)
        work, node = WORKS[act.verb](self, **given)
        return self.complete(work, node) if act.waits else self.begin(work, node)

    def begin(self, work: Coroutine[Any, Any, Any], node: Node | None) -> Answer:
        """Start something at a node, or outside."""
        answer = Answer()
        answer.task = self.cluster.spawn(node, work, answer.take)
        return answer

    def complete(self, work: Coroutine[Any, Any, Any], node: Node | None) -> Answer:
        """Run something at a node, or outside, until it is done, jobs and health checks at rest."""
        task = self.cluster.spawn(node, work, _nothing)
        try:
            self.cluster.loop.run_until_complete(task)
        except Exception:
            if not task.done():  # else it is what came of it
                raise
        return Answer(task=task, is_done=True)

    # -- what can be declared as well -------------------------------------------------------------------------------

    def _schedule(self, act: Act, given: dict[str, Any]) -> Answer:
        match act.verb:
            case "message":
                answer = Answer()
                self._enter(self._workload_of(act, given), act, answered=answer.take)
                return answer
            case "workload":
                return Answer(value=self._enter(self._workload_of(act, given), act), is_done=True)
            case "end_workload":
                self._end_workload(int(given["number"]), act.at_ns)
            case "inject":
                self._inject(act, given["faults"])
            case "lift":
                self._lift(int(given["fault"]), act.at_ns)
        return Answer(is_done=True)

    def instants(self, act: Act) -> list[int]:
        """Return at which instants nothing else may be due, so that a declaration would do the same as the act."""
        if act.verb != "workload":
            return [act.at_ns]
        workload = self._workload_of(act, act.arguments)
        first_ns = Arrivals(self.cluster, self.outside, workload, self._next_number, workload.until_ns).first_ns()
        return [act.at_ns] if first_ns is None else [act.at_ns, first_ns]

    def _workload_of(self, act: Act, given: dict[str, Any]) -> Workload:
        build = self.cluster.build
        if act.verb == "message":
            message = message_from(build, given["address"], json.dumps(given["body"]))
            return Workload(given["address"], messages=(message,), from_ns=act.at_ns, until_ns=act.at_ns)
        workload = workload_from(build, given["workload"])
        return replace(workload, from_ns=max(workload.from_ns, act.at_ns))

    @property
    def _next_number(self) -> int:
        return self._first_number + self._entered

    def _enter(self, workload: Workload, act: Act, *, answered: Callable[[Any], object] | None = None) -> int:
        number = self._next_number
        arrivals = Arrivals(self.cluster, self.outside, workload, number, workload.until_ns, answered=answered)
        self._entered += 1
        arrivals.start()
        if act.verb == "workload":
            self._workloads[number] = workload, arrivals
        return number

    def adopt(self, number: int, workload: Workload, arrivals: Arrivals) -> None:
        """Know a workload that was declared."""
        self._workloads[number] = workload, arrivals

    def _end_workload(self, number: int, at_ns: int) -> None:
        self.demand_workload(number)
        self._workloads[number][1].end(at_ns)

    def _inject(self, act: Act, faults: list[Any]) -> None:
        plan = plan_from(faults)
        check_plan(self.cluster.build, plan)
        for fault in plan:
            # In a world that runs, from the act's instant on: so a declaration says it, and so do its draws.
            self._put[len(self.cluster.harm.plan) + 1] = act.at_ns
            is_late = not act.waits and fault.from_ns < act.at_ns
            self.cluster.inject(replace(fault, from_ns=act.at_ns) if is_late else fault)

    def _lift(self, number: int, at_ns: int) -> None:
        self.demand_fault(number)
        self._lifted.setdefault(number, at_ns)
        self.cluster.harm.lift(number, at_ns)

    # -- looking ----------------------------------------------------------------------------------------------------

    def faults(self) -> tuple[StandingFault, ...]:
        """Return the faults of the plan, those too that are over."""
        harm = self.cluster.harm
        return tuple(
            StandingFault(number, fault, harm.is_in_force(number), self._windowed(number, fault))
            for number, fault in enumerate(harm.plan, start=1)
        )

    def _windowed(self, number: int, fault: Fault) -> Fault:
        return windowed(fault, self._put.get(number, 0), self._lifted.get(number))

    def workloads(self) -> tuple[StandingWorkload, ...]:
        """Return the workloads from which messages still come."""
        return tuple(
            StandingWorkload(number, workload, arrivals.count)
            for number, (workload, arrivals) in self._workloads.items()
            if not arrivals.is_over
        )

    def demand_workload(self, number: int) -> None:
        """Refuse a workload that does not stand."""
        standing = {each.number for each in self.workloads()}
        if number not in standing:
            raise NotInForce(what="workload", number=str(number), known=nearest(str(number), map(str, standing)))

    def demand_fault(self, fault: int | Fault) -> int:
        """Return the number of a fault, the latest of those in force that are this one; refuse what is not in force."""
        standing = [each.number for each in self.faults() if each.is_in_force]
        number = fault if isinstance(fault, int) else self._number_of(fault)
        if number not in standing:
            raise NotInForce(what="fault", number=str(number), known=nearest(str(number), map(str, standing)))
        return number

    def _number_of(self, fault: Fault) -> int:
        alike = [each.number for each in self.faults() if each.is_in_force and _is_alike(each.fault, fault)]
        return alike[-1] if alike else 0


def _nothing(_: Any) -> None:
    """Keep a task's error for who asks for its result."""


def _is_alike(one: Fault, other: Fault) -> bool:
    """Say whether two faults are the same but for their window."""
    return replace(one, from_ns=0, until_ns=None) == replace(other, from_ns=0, until_ns=None)
