"""Make the cards of time travel: a run as it stood at a moment, and how two runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.duration import format_ns
from studio.notebook.cards.card import Card, Cell, Section, Span, Table, code, muted, words
from studio.notebook.cards.wording import count
from studio.simulation.travel.diff import SHOWN_MAX, TITLES

if TYPE_CHECKING:
    from studio.simulation.travel.diff import RunDiff
    from studio.simulation.travel.moment import Moment

__all__ = ["difference_card", "moment_card"]


def moment_card(moment: Moment) -> Card:
    """Return the card of a run as it stood."""
    sagas = tuple(
        (code(saga), words(values["state"]), words(f"{values.get('step', '')} {values.get('phase', '')}".strip()))
        for saga, values in moment.sagas.items()
    )
    spans = tuple(
        (code(each["service"]), words(f"{each['kind']} {each['name']}"), words(format_ns(each["start_ns"])))
        for each in moment.spans
    )
    collections = tuple(
        (code(name), words(count(len(documents), "document"))) for name, documents in moment.collections.items()
    )
    sections: tuple[Section, ...] = (
        Table("Sagas", ("Instance", "State", "Step"), sagas),
        Table("Events that wait", ("Consumer", "Events"), _pairs({k: str(n) for k, n in moment.queues.items()})),
        Table("Breakers", ("Of", "State"), _pairs(moment.breakers)),
        Table("Work under way", ("Service", "What", "Since"), spans),
        Table("Replicas", ("Replica", "State"), _pairs(moment.lives)),
        Table("Collections", ("Name", "Holds"), collections),
    )
    facts = (Span(moment.title), Span(f"seed {moment.run.seed}"))
    notes = ("Go on from here otherwise: `.fork(faults=[...])`, `.fork(code=...)`.",)
    return Card("moment", moment.run.scenario or "world", facts, sections=sections, notes=notes)


def difference_card(found: RunDiff) -> Card:
    """Return the card of how two runs differ: the first event, side by side, and what came out otherwise."""
    if found.is_same:
        return Card("difference", "", words("✓ the same happened in both runs", "good"))
    sections: list[Section] = []
    parts = found.parting
    if parts is not None:
        sides = (("first", parts.first, parts.first_ns), ("second", parts.second, parts.second_ns))
        rows = tuple((muted(name), code("" if at is None else format_ns(at)), words(text)) for name, text, at in sides)
        sections.append(Table("The first event that differs", ("Run", "At", "What happened"), rows))
    for what, title in TITLES.items():
        effects = found.of(what)
        shown = tuple((code(each.name), words(each.first), words(each.second)) for each in effects[:SHOWN_MAX])
        more = f"and {len(effects) - SHOWN_MAX:,} more" if len(effects) > SHOWN_MAX else ""
        sections.append(Table(title[0].upper() + title[1:], ("What", "First", "Second"), shown, note=more))
    facts = (Span(count(len(found.effects), "effect")),)
    return Card("difference", "", facts, sections=tuple(sections))


def _pairs(values: dict[str, str]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((code(name), words(value)) for name, value in values.items())
