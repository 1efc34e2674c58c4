"""Look over the architecture: findings that stop no run, each from a rule with a code, a reason and a remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from studio.graph.build import Graph
from studio.graph.rules.cells import CELL_RULES
from studio.graph.rules.members import MEMBER_RULES
from studio.graph.rules.rule import Finding, Rule, Severity, facts_of
from studio.graph.rules.traffic import TRAFFIC_RULES

__all__ = ["RULES", "Finding", "Rule", "Severity", "as_text", "lint"]

RULES: tuple[Rule, ...] = tuple(sorted((*MEMBER_RULES, *TRAFFIC_RULES, *CELL_RULES), key=lambda rule: rule.code))
"""Every rule, by code."""

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


def lint(graph: Graph) -> tuple[Finding, ...]:
    """Return what all rules find, errors first, then by code and place; the same for the same graph."""
    facts = facts_of(graph)
    found = {finding for rule in RULES for finding in rule.findings(facts)}
    return tuple(sorted(found, key=_order))


def as_text(findings: Sequence[Finding]) -> str:
    """Return findings as text: code, severity, slug and place, what was found, what to do; then the count."""
    told = [
        f"{each.code} {each.severity} {each.slug}{f' in {each.where}' if each.where else ''}\n"
        f"  {each.text}\n  {each.hint}"
        for each in findings
    ]
    return "\n".join([*told, _count(findings)])


def _order(finding: Finding) -> tuple[int, str, str, int, str]:
    cell, line = (finding.where.cell, finding.where.line or 0) if finding.where else ("", 0)
    return _RANK[finding.severity], finding.code, cell, line, finding.text


def _count(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    words = [f"{counts[each]} {each}{'' if counts[each] == 1 else 's'}" for each in _RANK if counts[each]]
    return ", ".join(words) or "no findings"
