"""Grant retries out of a budget: a share of the calls that one caller made to one callee."""

from __future__ import annotations

from studio.model.duration import duration_ns
from studio.model.policy import Budget
from studio.runtime.policies.sliding import Tally

__all__ = ["Allowance"]


class Allowance:
    """What is left of a budget.

    Args:
        budget: Its bounds.
    """

    __slots__ = ("_budget", "_tally")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._tally = Tally(duration_ns(budget.window))

    def call(self, now_ns: int) -> None:
        """Count a call, whose first attempt begins."""
        self._tally.add(now_ns, total=1)

    def retry(self, now_ns: int) -> bool:
        """Take one retry out of the budget; False where it is used up."""
        self._tally.forget(now_ns)
        granted = max(self._budget.least, int(self._budget.share * self._tally.total))
        if self._tally.marked >= granted:
            return False
        self._tally.add(now_ns, marked=1)
        return True
