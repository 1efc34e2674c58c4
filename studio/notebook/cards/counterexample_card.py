"""Make the card of a counterexample: what is broken, what it takes, what happens, and how to see and keep it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.model.duration import format_ns
from studio.notebook.cards.card import (
    Card,
    Cell,
    Fold,
    Lines,
    Listing,
    Picture,
    Section,
    Span,
    Table,
    code,
    muted,
    strong,
    words,
)
from studio.notebook.cards.wording import count
from studio.simulation.counterexample.story import Story
from studio.simulation.harming.fault_words import plan_in_words

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample

__all__ = ["counterexample_card", "story_card"]

ROWS_SHOWN = 5
_METHODS = """found.save()      # simulations/{name}.json, and a pytest beside it
found.replay()    # the run: run.trace(), run.sql("…"), run.at("2s")
found.cell()      # a %%scenario cell
found.test()      # the pytest file"""


def counterexample_card(found: Counterexample) -> Card:
    """Return the card of a counterexample; it is run for that. What cannot be run any more says so."""
    try:
        return story_card(found.story())
    except StudioError as error:
        takes = Lines("What it takes", tuple(words(f"⚡ {each}") for each in plan_in_words(found.plan)))
        notes = (f"It cannot be run here: {str(error).splitlines()[0]}",)
        return Card("counterexample", found.invariant, _facts(found), found.promise, (takes, _violations(found)), notes)


def story_card(story: Story) -> Card:
    """Return the card of a counterexample whose story is at hand."""
    found = story.counterexample
    sections: tuple[Section, ...] = (
        Lines("What it takes", tuple(strong(each) for each in story.takes)),
        _violations(found),
        Picture("What happens", story.sequence.svg(), story.sequence.text()),
        *_parting(story),
        Listing("See it again, keep it", _METHODS.format(name=found.name)),
        Fold("As a scenario cell", found.cell()),
        Fold("As a test", found.test()),
    )
    return Card("counterexample", found.invariant, _facts(found), found.promise, sections)


def _facts(found: Counterexample) -> Cell:
    sends = found.case.sends
    asked = (Span(count(len(sends), "message")),) if sends is not None else ()
    faults = Span(count(len(found.plan), "fault"))
    return (*words("✗ broken", "error"), Span(found.case.scenario), faults, *asked, Span(f"seed {found.case.seed}"))


def _violations(found: Counterexample) -> Section:
    """Return what violates the promise, as a table where it has columns."""
    rows = [json.loads(row) for row in found.rows]
    more = len(rows) - ROWS_SHOWN
    note = f"and {more:,} more" if more > 0 else ""
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if not names:
        return Lines("What is broken", tuple(words(str(row)) for row in rows[:ROWS_SHOWN]))
    about = "at any moment" if found.mode == "always" else "in the end"
    return Table("What is broken", tuple(names), tuple(_cells(row, names) for row in rows[:ROWS_SHOWN]), about, note)


def _cells(row: Any, names: list[str]) -> tuple[Cell, ...]:
    if not isinstance(row, dict):
        return tuple(words(str(row)) if at == 0 else () for at in range(len(names)))
    return tuple(words(str(row.get(name, ""))) for name in names)


def _parting(story: Story) -> tuple[Section, ...]:
    """Return where the run parts from the one without faults, side by side."""
    parts = story.parting
    if parts is None:
        return ()
    rows = (
        (muted("with them"), code(_at(parts.first_ns)), words(parts.first)),
        (muted("without"), code(_at(parts.second_ns)), words(parts.second)),
    )
    note = "" if story.holds_without else "Without the faults the promise is broken as well."
    return (Table("The first event that is another without the faults", ("", "", ""), rows, note=note),)


def _at(at_ns: int | None) -> str:
    return "" if at_ns is None else format_ns(at_ns)
