"""Make cards of the architecture lint's findings, for one cell and for the whole system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.graph.lint import Finding, lint
from studio.notebook.cards.card import Card, Cell, Section, Style, Table, code, words
from studio.notebook.cards.wording import count
from studio.simulation.proving.proof import Proof

__all__ = ["findings_card", "findings_section"]

_STYLES: dict[str, Style] = {"error": "error", "warning": "warning", "note": "note"}
_SIGNS = {"error": "✗", "warning": "▲", "note": "○"}


def findings_section(graph: Graph, definition: Definition) -> tuple[Section, ...]:
    """Return the errors and warnings about one definition, as a section; none when there are none.

    Notes are left to `%lint`: while a notebook is run from its top, most of them are about cells still to come.
    """
    places = (definition.source.origin, definition.source.label)
    own = [each for each in lint(graph) if each.where and each.where.cell in places and each.severity != "note"]
    return (_table("Findings", own, {}, is_placed=False),) if own else ()


def findings_card(graph: Graph, proofs: Mapping[Finding, Proof]) -> Card:
    """Return the card of all findings, errors first.

    Args:
        graph: Of the system.
        proofs: What a simulation said of them; empty where none was asked.
    """
    found = lint(graph)
    severities = Counter(each.severity for each in found)
    facts: Cell = tuple(
        span
        for each in ("error", "warning", "note")
        if severities[each]
        for span in words(count(severities[each], each))
    )
    notes = () if found else ("Nothing was found. That says nothing of how it behaves: run a scenario.",)
    return Card("findings", "", facts, sections=(_table("", found, proofs, is_placed=True),), notes=notes)


def _table(title: str, findings: Iterable[Finding], proofs: Mapping[Finding, Proof], *, is_placed: bool) -> Table:
    rows = tuple(
        (
            words(f"{_SIGNS[each.severity]} {each.severity}", _STYLES[each.severity]),
            code(each.code),
            code(_place(each, is_placed=is_placed)),
            (*words(each.text), *words(f"  {each.hint}", "muted"), *_proved(proofs.get(each))),
        )
        for each in findings
    )
    return Table(title, ("Severity", "Rule", "Where", "What, and what to do"), rows)


def _proved(proof: Proof | None) -> Cell:
    """Return what a simulation said, as words; nothing where it did not try."""
    if proof is None or (proof.outcome == "untried" and not proof.runs):
        return ()
    return words(f"  {proof}", "error" if proof.outcome == "confirmed" else "muted")


def _place(finding: Finding, *, is_placed: bool) -> str:
    where = finding.where
    if where is None or is_placed:
        return "" if where is None else str(where)
    return "" if where.line is None else f"line {where.line}"
