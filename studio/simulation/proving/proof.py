"""What a simulation said of a finding: confirmed with what shows it, dismissed with what was tried, or untried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from studio.model.fault import Fault, plan_to
from studio.simulation.counterexample.fault_code import fault_code
from studio.simulation.harming.fault_words import plan_in_words

__all__ = ["Outcome", "Proof"]

Outcome = Literal["confirmed", "dismissed", "untried"]
_SIGNS = {"confirmed": "✗ confirmed", "dismissed": "✓ dismissed", "untried": "– not tried"}


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of trying a finding.

    Attributes:
        outcome: `confirmed`: the behaviour was seen. `dismissed`: it was not, under what was tried. `untried`: the
            rule is not about behaviour, or nothing that could be run reaches the place.
        text: What was seen, or why nothing was.
        scenario: That it was seen in; `(made)` for one message of made data.
        plan: Faults under which it was seen.
        tried: Plans under which it was looked for, in words.
        runs: How many runs it took.
    """

    outcome: Outcome
    text: str
    scenario: str = ""
    plan: tuple[Fault, ...] = ()
    tried: tuple[str, ...] = ()
    runs: int = 0

    @property
    def code(self) -> tuple[str, ...]:
        """Return the plan as the lines of a scenario's cell."""
        return tuple(fault_code(fault) for fault in self.plan)

    def as_values(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"outcome": self.outcome, "text": self.text, "scenario": self.scenario, "plan": plan_to(self.plan),
                "tried": list(self.tried), "runs": self.runs}  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{_SIGNS[self.outcome]}: {self.text}"]
        if self.outcome == "confirmed":
            told = "; ".join(plan_in_words(self.plan)) or "no fault at all"
            lines.append(f"  in scenario {self.scenario} under {told}: {', '.join(self.code)}".rstrip(": "))
        elif self.tried:
            lines.append(f"  tried in {self.runs} runs: {'; '.join(self.tried)}")
        return "\n".join(lines)
