"""Write a played run as a scenario cell: what was declared where that says the same, and the rest as done by hand.

A message, a workload, a fault that came while the world ran by itself did so at an instant at which nothing else was
due. Declared for that instant they give the same records, and can be edited, shrunk and hunted with. Everything else
(documents given later, an operator's wish, a request over HTTP) is a line `by_hand(...)`.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from typing import Any

from studio.graph.system import Build
from studio.model.by_hand import CLOSE, Act
from studio.model.duration import duration_ns, shortest_ns
from studio.model.fault import Fault, fault_from
from studio.model.faults.composed_faults import Together
from studio.model.scenario import Scenario, Workload
from studio.simulation.case import Case
from studio.simulation.counterexample.scenario_cell import scenario_text
from studio.simulation.live.hands import FOREVER_NS
from studio.simulation.live.message_body import message_from
from studio.simulation.live.workload_json import workload_from

__all__ = ["played_cell"]

_DOC = "Played by hand; without its last line it comes to rest, and its promises are checked."


def played_cell(build: Build, case: Case, name: str) -> str:
    """Return a cell `%%scenario NAME` whose run has the records of a played one.

    Args:
        build: What was played.
        case: Of the run, as far as it has come.
        name: Of the scenario.
    """
    scenario = copy.copy(replace(case, script=()).scenario_in(build))
    scenario.quiet = scenario.heal = scenario.converge = ""
    scenario.check = "marks"
    end_ns = case.duration_ns
    played = _Played(build, [_ending(each, scenario, end_ns) for each in scenario.workloads], list(case.plan))
    for act, following in zip(case.script, (*case.script, None)[1:], strict=False):
        if not _is_mere_time(act, following):
            played.take(act)
    if not case.script or case.script[-1].verb != CLOSE:
        played.acts.append(Act(end_ns, CLOSE, waits=True))
    scenario.name, scenario.doc, scenario.duration = name, _DOC, shortest_ns(end_ns)
    scenario.workloads = [_within(each, end_ns) for each in played.workloads]
    scenario.faults, scenario.acts = played.plan, played.acts
    return scenario_text(scenario, build)


def _is_mere_time(act: Act, following: Act | None) -> bool:
    """Say whether an act did nothing but let time pass, as a run does by itself until the next act."""
    return act.verb == "advance" and not (following and following.verb == CLOSE and following.at_ns == act.at_ns)


def _ending(workload: Workload, scenario: Scenario, end_ns: int) -> Workload:
    """Return a workload of the scenario that was played; what lasted as long as it has gone on as long as the world."""
    is_whole = workload.until_ns == duration_ns(scenario.duration)
    return replace(workload, until_ns=max(end_ns, workload.from_ns)) if is_whole else workload


def _within(workload: Workload, end_ns: int) -> Workload:
    return replace(workload, until_ns=max(end_ns, workload.from_ns)) if workload.until_ns == FOREVER_NS else workload


@dataclass(slots=True)
class _Played:
    """What becomes of a script.

    Attributes:
        acts: What stays done by hand.
        has_hand_workload: Whether later workloads stay done by hand, too: else their numbers would be others.
        has_hand_fault: The same of faults.
    """

    build: Build
    workloads: list[Workload]
    plan: list[Fault]
    acts: list[Act] = field(default_factory=list)
    has_hand_workload: bool = False
    has_hand_fault: bool = False

    def take(self, act: Act) -> None:
        """Take one act."""
        declared = {
            "message": self._message, "workload": self._workload, "end_workload": self._end_workload,
            "inject": self._inject, "lift": self._lift,
        }  # fmt: skip
        if act.verb not in declared or act.waits or not declared[act.verb](act, act.arguments):
            self._by_hand(act)

    def _by_hand(self, act: Act) -> None:
        # A world that settles waits for whatever is declared to come: what came only later must not be, then.
        self.has_hand_workload |= act.verb in ("message", "workload", "settle")
        self.has_hand_fault |= act.verb in ("inject", "settle")
        self.acts.append(act)

    def _message(self, act: Act, given: dict[str, Any]) -> bool:
        if self.has_hand_workload:
            return False
        message = message_from(self.build, given["address"], json.dumps(given["body"]))
        self.workloads.append(
            Workload(given["address"], messages=(message,), from_ns=act.at_ns, until_ns=act.at_ns)
        )  # fmt: skip
        return True

    def _workload(self, act: Act, given: dict[str, Any]) -> bool:
        workload = workload_from(self.build, given["workload"])
        if self.has_hand_workload or workload.from_ns > act.at_ns:  # it came among what was due by then
            return False
        self.workloads.append(replace(workload, from_ns=act.at_ns))
        return True

    def _end_workload(self, act: Act, given: dict[str, Any]) -> bool:
        number = given["number"]
        if not 0 < number <= len(self.workloads):
            return False
        ended = self.workloads[number - 1]
        if ended.from_ns > act.at_ns - 1:
            return False
        self.workloads[number - 1] = replace(ended, until_ns=min(ended.until_ns, act.at_ns - 1))
        return True

    def _inject(self, act: Act, given: dict[str, Any]) -> bool:
        faults = [fault_from(each) for each in given["faults"]]
        if self.has_hand_fault or any(fault.from_ns > act.at_ns for fault in faults):
            return False
        self.plan += [replace(fault, from_ns=act.at_ns) for fault in faults]
        return True

    def _lift(self, act: Act, given: dict[str, Any]) -> bool:
        number = given["fault"]
        if not 0 < number <= len(self.plan):
            return False
        fault = self.plan[number - 1]
        is_of_parts = isinstance(fault, Together) and not fault.from_ns  # each part has a window of its own
        if fault.until_ns is not None or fault.from_ns >= act.at_ns or is_of_parts:
            return False
        self.plan[number - 1] = replace(fault, until_ns=act.at_ns)
        return True
