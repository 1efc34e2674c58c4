"""Declare the phases of a scenario: quiet, then faults strike, then all heal, then the system must come to rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import InvalidDeclaration
from studio.model.declaring import scenario_at_hand
from studio.model.duration import duration_ns

if TYPE_CHECKING:
    from studio.model.scenario import Scenario

__all__ = ["ALWAYS", "Phases", "phases", "phases_of"]


@dataclass(frozen=True, slots=True)
class Phases:
    """When faults may strike, and how long the system then has to come to rest.

    Attributes:
        quiet_ns: No fault of the plan strikes before; one whose window begins earlier begins then.
        heal_ns: Every fault is over from then on, and what is down starts; None where faults end by themselves.
        converge_ns: How long, after the last arrival, until nothing may be left to do.
    """

    quiet_ns: int
    heal_ns: int | None
    converge_ns: int

    @property
    def is_declared(self) -> bool:
        """Whether anything but the time to come to rest is stated."""
        return self.quiet_ns > 0 or self.heal_ns is not None

    def within(self, end_ns: int) -> Phases:
        """Return the phases of a run in which work arrives until an instant: faults heal by then."""
        heal_ns = None if self.heal_ns is None else min(self.heal_ns, end_ns)
        return Phases(self.quiet_ns, heal_ns, self.converge_ns)


ALWAYS = Phases(0, None, 0)
"""Faults may strike at any time."""


def phases(*, quiet: str = "", heal: str = "", converge: str = "") -> None:
    """State the phases of the scenario that is being declared.

    Args:
        quiet: Since the run began: until then no fault strikes; by default they may from the start.
        heal: Since the run began: from then on every fault is over, whatever its own window says, and what is down
            starts; by default faults end as they say.
        converge: How long, after the last arrival, until nothing may be left to do; by default the scenario's
            `settle`. What is still busy then breaks the promise `run_converges`.

    Example:
        phases(quiet="30s", heal="4m", converge="1m")
    """
    scenario: Scenario | None = scenario_at_hand(depth=2)
    if scenario is None:
        raise InvalidDeclaration(
            what="phases(...)",
            reason="no scenario is being declared",
            remedy_text="Use phases(...) in a %%scenario cell, or after `scenario = Scenario(...)`.",
        )
    scenario.quiet, scenario.heal = quiet or scenario.quiet, heal or scenario.heal
    scenario.converge = converge or scenario.converge
    phases_of(scenario)


def phases_of(scenario: Scenario) -> Phases:
    """Return a scenario's phases.

    Raises:
        InvalidDuration: One of them is none.
        InvalidDeclaration: They do not follow each other, or the work ends before the faults do.
    """
    quiet_ns = duration_ns(scenario.quiet) if scenario.quiet else 0
    heal_ns = duration_ns(scenario.heal) if scenario.heal else None
    end_ns = duration_ns(scenario.duration)
    if quiet_ns > end_ns or (heal_ns is not None and not quiet_ns < heal_ns <= end_ns):
        raise InvalidDeclaration(
            what=f"scenario={scenario.name} quiet={scenario.quiet or '0s'} heal={scenario.heal or 'never'}",
            reason=f"phases do not follow each other within duration={scenario.duration}",
            remedy_text="Let quiet < heal <= duration, such as --duration 5m --quiet 30s --heal 4m.",
        )
    return Phases(quiet_ns, heal_ns, duration_ns(scenario.converge or scenario.settle))
