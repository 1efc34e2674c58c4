"""Make the card of what Studio promises of every run."""

from __future__ import annotations

from studio.notebook.cards.card import Card, Span, Table, code, words
from studio.simulation.promises.promised import PROMISES

__all__ = ["promises_card"]


def promises_card() -> Card:
    """Return the card of Studio's own promises, each with the condition under which it holds."""
    rows = tuple((code(each.name), words(each.summary), words(each.condition)) for each in PROMISES.values())
    facts = (Span("checked in every scenario"), Span("but what it is declared --without"))
    return Card("invariant", "promises", facts, "", (Table("", ("Promise", "What holds", "When"), rows),))
