"""Say which faults, and which pairs of them, best predict that a seed fails: those that struck, the surest first.

A swarm draws other rates and times under each seed, so a fault is known by its kind and target; what all seeds have in
common is said of it, and no seed's own times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.model.fault import Fault
from studio.simulation.case import Case
from studio.simulation.harming.fault_words import at_large

if TYPE_CHECKING:
    from studio.simulation.campaign.campaign import Campaign

__all__ = ["FAULTS_MAX", "FaultLine", "fault_lines", "never_struck", "pair_lines"]

FAULTS_MAX = 8
PAIRS_MAX = 5
NAMED_MAX = 5
SUPPORT_MIN = 3
"""Seeds under which both faults of a pair struck, where there are enough seeds to ask for that."""
MANY = 20
"""Seeds that are enough."""

_PAIRS = """
select first, second, together, failing from fault_pairs
where lift > 1 and failing > 0 and together >= $support limit $most
"""


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A fault, or a pair of them: seeds under which it struck, and those of them that failed."""

    words: str
    struck: int
    failing: int

    @property
    def share(self) -> float:
        """Return the share of failing seeds among those under which it struck."""
        return self.failing / self.struck if self.struck else 0.0


def fault_lines(campaign: Campaign) -> tuple[tuple[FaultLine, ...], int]:
    """Return the faults that best predict failure, and how many more struck."""
    rows = [row for row in campaign.faults.iter_rows(named=True) if row["struck"]]
    shown = rows[:FAULTS_MAX]
    words = _words(campaign, (row["name"] for row in shown))
    lines = tuple(FaultLine(words[row["name"]], row["struck"], row["failing"]) for row in shown)
    return lines, len(rows) - len(shown)


def pair_lines(campaign: Campaign) -> tuple[FaultLine, ...]:
    """Return the pairs under which more seeds failed than among all, the surest first."""
    support = SUPPORT_MIN if len(campaign.seeds) >= MANY else 1
    rows = list(campaign.sql(_PAIRS, support=support, most=PAIRS_MAX).iter_rows())
    words = _words(campaign, (name for row in rows for name in row[:2]))
    return tuple(FaultLine(f"{words[first]}, and {words[second]}", *counts) for first, second, *counts in rows)


def never_struck(campaign: Campaign) -> str:
    """Return which planned faults struck under no seed, some of them where they are many; empty when all did."""
    planned = campaign.faults
    never = sorted(planned.filter(planned["struck"] == 0)["name"])
    if not never:
        return ""
    words = _words(campaign, never[:NAMED_MAX])
    listed = "; ".join(words[name] for name in never[:NAMED_MAX])
    many = f"{len(never):,} of {len(planned):,} planned faults, such as: " if len(never) > NAMED_MAX else ""
    return f"Never struck: {many}{listed}."


def _words(campaign: Campaign, names: Iterable[str]) -> dict[str, str]:
    """Return names of faults with words: those of the plan where it is the same under all seeds, else at large."""
    wanted = sorted(set(names))
    query = """
    select name, any_value(words) as words, count(distinct words) = 1 and count(*) = $seeds as is_fixed,
      min(seed) as seed, arg_min(fault, seed) as place
    from campaign_strikes where list_contains($names, name) group by name order by name
    """
    rows = campaign.sql(query, names=wanted, seeds=len(campaign.seeds)).iter_rows() if wanted else ()
    return {
        name: words if is_fixed else at_large(_fault(campaign, seed, place))
        for name, words, is_fixed, seed, place in rows
    }


def _fault(campaign: Campaign, seed: int, place: int) -> Fault:
    """Return the fault at a place, from 1, of a seed's plan."""
    case = campaign.sql("select case_json from campaign_seeds where seed = $seed", seed=seed).item()
    return Case.from_json(case).plan[place - 1]
