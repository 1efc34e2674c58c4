"""Declare what is done to a running world by hand: an operator's wish, a request, documents, a fault taken back.

An `Act` is a value: what was done, to what, and the virtual instant at which it was. A world that is played, by hand or
in the background, keeps its acts as a script; the script is part of the run's case, so the run can be repeated. A
scenario says the same with `by_hand(...)`, for what no other declaration says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.errors import InvalidAct, nearest
from studio.model.declaring import scenario_demanded
from studio.model.duration import duration_ns

__all__ = ["CLOSE", "SCHEDULED", "VERBS", "Act", "act_from", "by_hand", "script_from", "script_to"]

CLOSE = "close"
"""The act that ends a run as it stands: nothing comes to rest, and nothing is checked any more."""

VERBS: Mapping[str, tuple[str, ...]] = {
    "message": ("address", "body"),
    "workload": ("workload",),
    "end_workload": ("number",),
    "inject": ("faults",),
    "lift": ("fault",),
    "send": ("address", "body", "principal"),
    "call": ("address", "body", "principal", "timeout"),
    "publish": ("address", "body", "key"),
    "http": ("method", "url", "headers", "content", "timeout", "principal"),
    "stream": ("url", "headers"),
    "leave": ("stream",),
    "crash": ("target", "replica", "down_for"),
    "given": ("target", "values"),
    "cancel": ("saga",),
    "resume": ("saga",),
    "abandon": ("saga",),
    "redeliver": ("message", "consumer"),
    "check": (),
    "advance": ("until",),
    "rest": ("until",),
    "settle": ("limit",),
    CLOSE: (),
}
"""What can be done to a world, each with the names of what it is given."""

DEFAULTS: Mapping[str, Any] = {
    "principal": "", "timeout": None, "key": None, "consumer": "", "replica": 1, "content": "",
}  # fmt: skip
"""What may be left out, and what is taken then."""
SCHEDULED = frozenset({"message", "workload", "end_workload", "inject", "lift"})
"""What a scenario can declare as well: in a world that runs it is entered before its instant, as a declaration is."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a world from outside, between two virtual instants.

    Attributes:
        at_ns: Since the run began. All that was due until then has happened before.
        verb: One of `VERBS`.
        given: What the verb is given, as JSON text.
        waits: Whether time passed until its answer was there, jobs and health checks at rest: so it is done to a world
            that does not run by itself. Else the world went on, and the answer came when it came.
    """

    at_ns: int
    verb: str
    given: str = "{}"
    waits: bool = False

    def __post_init__(self) -> None:
        if self.verb not in VERBS:
            raise InvalidAct(verb=self.verb, reason=f"it is no act; nearest: {nearest(self.verb, VERBS)}")
        found, known = set(self.arguments), VERBS[self.verb]
        for name in sorted(found.symmetric_difference(known)):
            reason = f"{name} is unknown; nearest: {nearest(name, known)}" if name in found else f"{name} is missing"
            raise InvalidAct(verb=self.verb, reason=reason)

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what the verb is given, by name, as plain JSON values; what was left out has its default."""
        try:
            values = json.loads(self.given)
        except ValueError as error:
            raise InvalidAct(verb=self.verb, reason="what it is given is no JSON") from error
        if not isinstance(values, dict):
            raise InvalidAct(verb=self.verb, reason="what it is given has no names")
        return {name: DEFAULTS[name] for name in VERBS[self.verb] if name in DEFAULTS} | values


def act_from(at_ns: int, verb: str, given: Mapping[str, Any], *, waits: bool = False) -> Act:
    """Return an act from plain JSON values.

    Raises:
        InvalidAct: There is no such verb, or it takes something else.
    """
    stated = {name: value for name, value in given.items() if name not in DEFAULTS or value != DEFAULTS[name]}
    return Act(at_ns, verb, json.dumps(stated), waits)


def by_hand(at: str, verb: str, *, waits: bool = False, **given: Any) -> None:
    """State what is done to the running system from outside, at an instant; `world.as_cell()` writes such lines.

    Args:
        at: Since the run began; what is due until then happens before.
        verb: `cancel`, `resume` or `abandon` a saga, `redeliver` a dead letter, `crash`, `given`, `http`, `close`, …
        waits: Whether time passes until its answer is there, jobs and health checks at rest.
        given: What the verb takes: names, and plain JSON values.

    Raises:
        InvalidAct: There is no such verb, or it takes something else.

    Example:
        by_hand("42s", "resume", saga="OrderProcessing/7")
    """
    scenario = scenario_demanded("by_hand")
    scenario.acts.append(act_from(duration_ns(at), verb, given, waits=waits))


def script_to(script: tuple[Act, ...]) -> list[list[Any]]:
    """Return a script as plain JSON values."""
    # As text: the order of names within a message is its sender's.
    return [[act.at_ns, act.verb, act.given, act.waits] for act in script]


def script_from(values: list[list[Any]]) -> tuple[Act, ...]:
    """Return the script that `script_to` wrote.

    Raises:
        InvalidAct: There is no such verb, or it takes something else.
    """
    return tuple(Act(int(at), str(verb), str(given), bool(waits)) for at, verb, given, waits in values)
