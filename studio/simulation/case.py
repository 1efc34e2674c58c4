"""A case: all that decides a run besides the sources, as a value that prints, compares and serialises.

It names a declared scenario and says what differs from it: the seed, the fault plan, the very messages that are sent,
the duration, the delivery model. Campaigns, hunts, counterexamples and forks hand cases around, never running things.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from studio.errors import InvalidAct, InvalidCase, InvalidFault, UnknownBus
from studio.graph.system import Build
from studio.model.by_hand import Act, script_from, script_to
from studio.model.delivery import check_bus
from studio.model.fault import Fault, fault_from, plan_to
from studio.model.scenario import Scenario, Workload
from studio.simulation.live.message_body import message_from
from studio.simulation.stage import scenario_of

__all__ = ["BY_HAND", "Case", "Check", "Sent"]

BY_HAND = "(by hand)"
"""Name of the scenario of a world that was given none."""
FORM = 1

Check = Literal["", "marks", "commits"]
"""When *always* invariants are checked: at marks of virtual time, or after every step that wrote what they read."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message from outside, at an instant.

    Attributes:
        at_ns: Since the run began.
        address: Event or command.
        body: As JSON text, of the address's contract.
    """

    at_ns: int
    address: str
    body: str


@dataclass(frozen=True, slots=True)
class Case:
    """What one run of a scenario is given.

    Attributes:
        scenario: Name of the declared scenario that it varies.
        seed: Decides all chance.
        plan: Faults, instead of the scenario's.
        sends: Messages, instead of the scenario's workloads; None keeps these.
        duration_ns: Instead of the scenario's; 0 keeps it.
        bus: Delivery model instead of the scenario's; empty keeps it.
        check: When *always* invariants are checked, instead of the scenario's; empty keeps it. Hunts and
            counterexamples look after every commit.
        script: What was done to a world by hand, in order; empty for a scenario's run. Such a run ends as the script
            does: it does not come to rest, and nothing is checked that was not checked by hand.
    """

    scenario: str
    seed: int = 0
    plan: tuple[Fault, ...] = ()
    sends: tuple[Sent, ...] | None = None
    duration_ns: int = 0
    bus: str = ""
    check: Check = ""
    script: tuple[Act, ...] = ()

    def __post_init__(self) -> None:
        if self.bus:
            check_bus(self.bus, what="case")
        if self.check not in get_args(Check):
            raise InvalidCase(case=self.scenario, reason=f"check={self.check!r} is neither marks nor commits")

    @property
    def strict(self) -> Case:
        """Return the same case with its invariants checked after every commit."""
        return self if self.check == "commits" else replace(self, check="commits")

    def with_plan(self, *plan: Fault) -> Case:
        """Return the same case under other faults."""
        return replace(self, plan=plan)

    def scenario_in(self, build: Build) -> Scenario:
        """Return the scenario that this case stands for, made afresh for a run; it keeps its declared duration.

        Raises:
            UnknownScenario: It is not declared.
            UnknownAddress: A message goes to an address that is nothing any more.
            InvalidCase: A message is none of its contract any more.
        """
        scenario = copy.copy(self._declared_in(build))
        scenario.faults, scenario.seed = list(self.plan), self.seed
        if self.bus:
            scenario.bus = self.bus
        if self.check:
            scenario.check = self.check
        if self.sends is not None:
            scenario.workloads = [_workload(build, sent) for sent in self.sends]
        if self.script:
            scenario.acts, scenario.quiet, scenario.heal = list(self.script), "", ""
        return scenario

    def _declared_in(self, build: Build) -> Scenario:
        """Return the scenario that it names; a world may be played without any."""
        return scenario_of(build, self.scenario, self.seed) if self.scenario else Scenario(BY_HAND)

    def as_json(self) -> str:
        """Return the case as one line of JSON."""
        sends = None if self.sends is None else [[each.at_ns, each.address, each.body] for each in self.sends]
        values = {"form": FORM, "scenario": self.scenario, "seed": self.seed, "plan": plan_to(self.plan),
                  "sends": sends, "duration_ns": self.duration_ns, "bus": self.bus, "check": self.check}  # fmt: skip
        if self.script:
            values["script"] = script_to(self.script)
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Case:
        """Return the case that `as_json` wrote.

        Raises:
            InvalidCase: It is none.
        """
        try:
            return cls._from_values(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidFault, InvalidAct, UnknownBus) as error:
            raise InvalidCase(case=text[:80], reason=f"it cannot be read ({error})") from error

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Case:
        if values["form"] != FORM:
            raise ValueError(f"form={values['form']!r} is not known here")
        sends = values["sends"]
        return cls(
            scenario=str(values["scenario"]),
            seed=int(values["seed"]),
            plan=tuple(fault_from(each) for each in values["plan"]),
            sends=None if sends is None else tuple(Sent(int(at), str(to), str(body)) for at, to, body in sends),
            duration_ns=int(values["duration_ns"]),
            bus=str(values["bus"]),
            check=values.get("check", ""),  # what was kept before a case said so
            script=script_from(values.get("script", [])),
        )


def _workload(build: Build, sent: Sent) -> Workload:
    """Return a workload of one message; a counterexample's cell writes each of them as such a line."""
    try:
        message = message_from(build, sent.address, sent.body)
    except ValueError as error:
        reason = f"the message to {sent.address} is none of its contract: {error}"
        raise InvalidCase(case=sent.body[:80], reason=reason) from error
    return Workload(sent.address, messages=(message,), from_ns=sent.at_ns, until_ns=sent.at_ns)
