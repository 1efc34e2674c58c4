"""Make the card of a hunt: what broke and by what, what the verdict rests on, how to see it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.notebook.cards.card import Card, Cell, Fold, Lines, Section, Span, Table, code, words
from studio.notebook.cards.wording import count
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.hunting.hunt_text import notes_of, work_words

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample
    from studio.simulation.hunting.hunt import Hunt

__all__ = ["hunt_card"]


def hunt_card(hunt: Hunt) -> Card:
    """Return the card of a hunt."""
    sections: tuple[Section, ...] = (
        Table("Broken", ("Promise", "By", "Messages", "Violations"), tuple(map(_row, hunt.counterexamples))),
        Lines("What this rests on", tuple(words(note) for note in notes_of(hunt))),
        Fold("Place by place, kind by kind", "\n".join(hunt.coverage.lines())),
    )
    return Card("hunt", hunt.scenario, (Span(work_words(hunt)), *_verdict(hunt)), sections=sections, notes=_notes(hunt))


def _verdict(hunt: Hunt) -> Cell:
    broken = len(hunt.counterexamples)
    if broken:
        return words(f"✗ broke {count(broken, 'promise')}", "error")
    return words("✓ nothing broke", "good") if hunt.runs else words("stopped before the first run", "warning")


def _row(found: Counterexample) -> tuple[Cell, ...]:
    faults = "; ".join(plan_in_words(found.plan)) or "the workload alone"
    sends = found.case.sends
    sent = "all of the scenario" if sends is None else f"{len(sends):,}"
    return code(found.invariant), words(faults), words(sent), words(f"{len(found.rows):,}")


def _notes(hunt: Hunt) -> tuple[str, ...]:
    if hunt.counterexample is None:
        return ("That nothing broke is no proof: see what it rests on.",)
    return (
        "See it: .counterexample shows the timeline; .counterexample.replay() gives the run",
        f"Keep it: .counterexample.save() writes simulations/{hunt.counterexample.name}.json, and a pytest beside it",
    )
