"""Hold a card as a value: a heading and sections of tables, lines, flows and listings.

Cards are made of words only, so that one value gives both forms: `cards.hypertext` draws it, `cards.plain` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from studio import address as addresses

__all__ = [
    "Box",
    "Card",
    "Cell",
    "Chain",
    "Flow",
    "Fold",
    "Fork",
    "Lines",
    "Listing",
    "Node",
    "Picture",
    "Section",
    "Span",
    "Style",
    "Table",
    "address",
    "code",
    "flag",
    "joined",
    "muted",
    "shown",
    "strong",
    "words",
]

Style = Literal["plain", "code", "muted", "strong", "flag", "address", "error", "warning", "note", "good"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; the style never says what the text does not."""

    text: str
    style: Style = "plain"


Cell = tuple[Span, ...]
"""What one cell of a table, or one line, consists of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; a column that is empty in every row is left out.

    Attributes:
        title: Above it.
        columns: Their headings.
        rows: A cell for each column.
        about: What is said of the title, beside it.
        note: Below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    about: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences below each other, under a title or none."""

    title: str
    lines: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Code as the author wrote it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Code that is there when it is asked for; the text form leaves it out, so a method must give it too."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG of our own, and the same in lines of text."""

    title: str
    svg: str
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """One stage of a flow.

    Attributes:
        title: Its name.
        marks: What is said of it, such as its kind.
        below: What undoes it; None for nothing.
        is_decisive: Whether nothing is undone once it has run.
    """

    title: str
    marks: Cell = ()
    below: Box | None = None
    is_decisive: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Stages one after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Ways beside each other, each with its label: all of them at once, or the one that is chosen."""

    label: str
    ways: tuple[tuple[str, Node], ...]


Node = Box | Chain | Fork


@dataclass(frozen=True, slots=True)
class Flow:
    """A drawing of stages, and the same in lines of text; `about` stands beside the title."""

    title: str
    node: Node
    lines: tuple[str, ...]
    about: str = ""


Section = Table | Lines | Listing | Fold | Picture | Flow


@dataclass(frozen=True, slots=True)
class Card:
    """What a cell answers with.

    Attributes:
        kind: Of the declaration: `service`; chooses the icon.
        name: What it is called.
        facts: Short facts beside the name, such as the version.
        doc: The author's own words.
        sections: In order; those without content are not shown.
        notes: What running the cell did to the rest of the notebook.
    """

    kind: str
    name: str
    facts: Cell = ()
    doc: str = ""
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        from studio.notebook.cards.plain import card_text

        return card_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from studio.notebook.cards.hypertext import card_html

        return {"text/html": card_html(self), "text/plain": repr(self)}


def words(text: str, style: Style = "plain") -> Cell:
    """Return a cell of one span, empty for no text."""
    return (Span(text, style),) if text else ()


def code(text: str) -> Cell:
    """Return text as code."""
    return words(text, "code")


def muted(text: str) -> Cell:
    """Return text that matters less."""
    return words(text, "muted")


def strong(text: str) -> Cell:
    """Return text that matters most."""
    return words(text, "strong")


def flag(text: str) -> Cell:
    """Return a word that is set apart, such as `idempotent`."""
    return words(text, "flag")


def address(text: str) -> Cell:
    """Return an address (or pattern) in the notation of cells, from its wire form."""
    return words(shown(text), "address")


def shown(text: str) -> str:
    """Return a wire address or pattern as cells write it: `$.Order.created`."""
    return addresses.display(addresses.pattern(text)) if text else ""


def joined(cells: Iterable[Cell], separator: str = " ") -> Cell:
    """Return cells as one, a separator between those that are not empty."""
    result: list[Span] = []
    for cell in cells:
        if cell and result:
            result.append(Span(separator))
        result.extend(cell)
    return tuple(result)
