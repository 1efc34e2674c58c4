"""Write cards as text: for terminals, tests, readers of stored notebooks and screen readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from studio.notebook.cards.card import Card, Cell, Flow, Lines, Listing, Picture, Section, Table

__all__ = ["card_text", "cell_text", "kept_columns", "table_lines"]


def card_text(card: Card) -> str:
    """Return a card as text: the heading, then each section, indented by two."""
    lines = [_heading(card), *(f"  {line.strip()}".rstrip() for line in card.doc.strip().splitlines())]
    for section in card.sections:
        body = list(_section_lines(section))
        if body:
            lines += ["", *_title(section), *(f"    {line}".rstrip() for line in body)]
    lines += ["", *(f"  {note}" for note in card.notes)] if card.notes else []
    return "\n".join(lines)


def cell_text(cell: Cell) -> str:
    """Return a cell's words."""
    return "".join(span.text for span in cell)


def kept_columns(table: Table) -> list[int]:
    """Return the columns that have anything in some row."""
    return [index for index in range(len(table.columns)) if any(row[index] for row in table.rows)]


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in aligned columns, its heading first when any column has one."""
    whole = [list(columns), *rows] if any(columns) else list(rows)
    widths = [max(len(row[index]) for row in whole) for index in range(len(columns))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in whole]


def _heading(card: Card) -> str:
    facts = " · ".join(span.text for span in card.facts)
    heading = " ".join(part for part in (card.kind, card.name) if part)
    return f"{heading} · {facts}" if facts else heading


def _title(section: Section) -> list[str]:
    about = getattr(section, "about", "")
    return [f"  {section.title}: {about}" if about else f"  {section.title}"] if section.title else []


def _section_lines(section: Section) -> Iterator[str]:
    match section:
        case Table(rows=rows) if rows:
            kept = kept_columns(section)
            texts = [[cell_text(row[index]) for index in kept] for row in rows]
            yield from table_lines([section.columns[index] for index in kept], texts)
            yield from [section.note] if section.note else []
        case Lines(lines=lines):
            yield from map(cell_text, lines)
        case Flow(lines=written):
            yield from written
        case Picture(text=text):
            yield from text.splitlines()
        case Listing(text=text):
            yield from text.strip("\n").splitlines()
