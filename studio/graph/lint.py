"""Look over the architecture: findings that stop no run, each from a rule with a code, a reason and a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from studio.graph.build import Graph
from studio.graph.rules.cells import CELL_RULES
from studio.graph.rules.coupling import COUPLING_RULES
from studio.graph.rules.hygiene import HYGIENE_RULES
from studio.graph.rules.members import MEMBER_RULES
from studio.graph.rules.resilience import RESILIENCE_RULES
from studio.graph.rules.rule import Finding, Rule, Severity, facts_of
from studio.graph.rules.suppression import SUPPRESSION_RULES, UNUSED, Suppression, suppressions_of
from studio.graph.rules.traffic import TRAFFIC_RULES

__all__ = ["RULES", "Finding", "Review", "Rule", "Severity", "lint", "review"]

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *MEMBER_RULES,
            *TRAFFIC_RULES,
            *CELL_RULES,
            *HYGIENE_RULES,
            *COUPLING_RULES,
            *RESILIENCE_RULES,
            *SUPPRESSION_RULES,
        ),
        key=lambda rule: rule.code,
    )
)
"""Every rule, by code."""

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Review:
    """What a look over a system gave.

    Attributes:
        findings: Errors first, then by code and place.
        ignored: Findings that a comment in the source says to live with, and that comment.
    """

    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Suppression], ...]


def lint(graph: Graph) -> tuple[Finding, ...]:
    """Return what all rules find and nobody has said to ignore, errors first; the same for the same graph."""
    return review(graph).findings


def review(graph: Graph) -> Review:
    """Return what all rules find, and what of it is ignored by comments in the sources."""
    facts = facts_of(graph)
    found = sorted({finding for rule in RULES for finding in rule.findings(facts)}, key=_order)
    suppressions = suppressions_of(graph)
    covering = {finding: next((each for each in suppressions if each.covers(finding)), None) for finding in found}
    used = {each for each in suppressions if any(each.covers(finding) for finding in found)}
    unused = [_unused(each) for each in suppressions if each.reason and each not in used]
    left = [finding for finding, by in covering.items() if by is None]
    ignored = tuple((finding, by) for finding, by in covering.items() if by is not None)
    return Review(tuple(sorted([*left, *unused], key=_order)), ignored)


def _unused(suppression: Suppression) -> Finding:
    text = f"{suppression.code} is to be ignored here, and is not found"
    return Finding(UNUSED.code, UNUSED.slug, UNUSED.severity, suppression.where, text, UNUSED.hint)


def _order(finding: Finding) -> tuple[int, str, str, int, str]:
    cell, line = (finding.where.cell, finding.where.line or 0) if finding.where else ("", 0)
    return _RANK[finding.severity], finding.code, cell, line, finding.text
