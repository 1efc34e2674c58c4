"""Make the card of a campaign: verdicts, which seeds failed, which faults broke them, how long things took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.notebook.cards.card import Card, Cell, Lines, Section, Span, Table, code, words
from studio.notebook.cards.wording import count
from studio.simulation.campaign.outline import promised_lines

if TYPE_CHECKING:
    from studio.simulation.campaign.campaign import Campaign
    from studio.simulation.campaign.outline import FaultLine, Outline

__all__ = ["campaign_card", "outline_card"]


def campaign_card(campaign: Campaign) -> Card:
    """Return the card of a campaign."""
    return outline_card(campaign.outline())


def outline_card(outline: Outline) -> Card:
    """Return the card of a campaign in a few numbers."""
    sections: tuple[Section, ...] = (
        Table("Invariants", ("Name", "Verdict"), tuple(map(_invariant, outline.invariants))),
        Lines("", tuple(words(f"✓ {each}", "good") for each in promised_lines(outline.promised))),
        Table(
            "Failing seeds",
            ("Seed", "What failed", "Replay"),
            tuple((words(str(each.seed)), words(each.reason), code(each.replay)) for each in outline.failing),
        ),
        Table(
            "Faults",
            ("What went wrong", "Struck under", "Failed"),
            tuple(map(_fault, outline.faults)),
            about=_more(outline),
        ),
        Table("Pairs that predict failure", ("Both struck", "Under", "Failed"), tuple(map(_fault, outline.pairs))),
        Table(
            "Time taken",
            ("What", "Name", "p50", "p99", "Worst p99", "Under seed"),
            tuple(
                (words(each.kind), code(each.name), words(each.p50), words(each.p99), words(each.worst_p99),
                 words(str(each.worst_seed)))
                for each in outline.took
            ),
            about="in virtual time, in the median seed and in the worst",
        ),
        Table("Sagas", ("Ended", "Instances"), tuple((words(state), words(f"{n:,}")) for state, n in outline.sagas)),
        Lines("Runs that do not repeat", tuple(words(each, "warning") for each in outline.differing)),
        Lines("What this rests on", tuple(words(each) for each in outline.notes)),
    )  # fmt: skip
    return Card("campaign", outline.scenario, (Span(count(outline.done, "seed")), _verdict(outline)), sections=sections)


def _more(outline: Outline) -> str:
    if not outline.more_faults:
        return ""
    shown = "the best predictors of failure" if outline.failed else "the most frequent"
    return f"{shown}; {outline.more_faults:,} more struck (campaign.faults)"


def _verdict(outline: Outline) -> Span:
    sign = outline.verdict[0]
    return Span(outline.verdict, "good" if sign == "✓" else "error" if sign == "✗" else "warning")


def _invariant(row: tuple[str, int]) -> tuple[Cell, Cell]:
    name, broken = row
    verdict = words(f"✗ broken by {count(broken, 'seed')}", "error") if broken else words("✓ held", "good")
    return code(name), verdict


def _fault(line: FaultLine) -> tuple[Cell, Cell, Cell]:
    failed = words(f"{line.failing:,} ({line.share:.0%})", "error" if line.failing else "plain")
    return words(line.words), words(count(line.struck, "seed")), failed
