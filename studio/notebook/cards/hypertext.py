"""Draw cards as HTML for JupyterLab's light and dark themes, without scripts.

Colours are the front end's own variables, with fallbacks for places that have none. Every style sits under
`.studio-card`, and the tags carry the meaning, so that a card reads well where styles are taken out.
"""

from __future__ import annotations

import functools
import re
from html import escape
from importlib import resources

from studio.notebook.cards.card import (
    Box,
    Card,
    Cell,
    Chain,
    Flow,
    Fold,
    Fork,
    Lines,
    Listing,
    Node,
    Picture,
    Section,
    Span,
    Table,
)
from studio.notebook.cards.icons import icon
from studio.notebook.cards.plain import kept_columns

__all__ = ["card_html", "style_sheet"]

_LONG = 44
"""Characters from which a cell's text may be broken into lines."""
_ARROW = '<span class="arrow" aria-label="then">→</span>'


def card_html(card: Card) -> str:
    """Return a card as one `<div>`, its styles with it."""
    doc = f'<p class="doc">{escape(card.doc.strip())}</p>' if card.doc.strip() else ""
    sections = "".join(map(_section, card.sections))
    notes = "".join(f"<li>{_told(note)}</li>" for note in card.notes)
    footer = f'<ul class="notes">{notes}</ul>' if notes else ""
    return f'<div class="studio-card">{style_sheet()}{_heading(card)}{doc}{sections}{footer}</div>'


@functools.cache
def style_sheet() -> str:
    """Return the `<style>` that every card carries, since a stored notebook shows each output alone."""
    text = resources.files("studio.notebook.cards").joinpath("style.css").read_text(encoding="utf-8")
    kept = " ".join(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("/*"))
    return f"<style>{kept}</style>"


def _heading(card: Card) -> str:
    facts = "".join(f'<span class="fact {span.style}">{_text(span)}</span>' for span in card.facts)
    name = f'<span class="name">{escape(card.name)}</span>' if card.name else ""
    return f'<header>{icon(card.kind)}<span class="kind">{escape(card.kind)}</span>{name}{facts}</header>'


def _section(section: Section) -> str:
    body = _body(section)
    if not body:
        return ""
    about = getattr(section, "about", "")
    beside = f"<span>{escape(about)}</span>" if about else ""
    is_titled = section.title and not isinstance(section, Fold)  # its title opens it
    title = f"<h5>{escape(section.title)}{beside}</h5>" if is_titled else ""
    return f"<section>{title}{body}</section>"


def _body(section: Section) -> str:
    match section:
        case Table(rows=rows):
            return _table(section) if rows else ""
        case Lines(lines=lines):
            return f"<ul>{''.join(f'<li>{_cell(line)}</li>' for line in lines)}</ul>" if lines else ""
        case Listing(text=text):
            return f"<pre>{escape(text.strip(chr(10)))}</pre>" if text.strip() else ""
        case Fold(title=title, text=text):
            return f"<details><summary>{escape(title)}</summary><pre>{escape(text.strip(chr(10)))}</pre></details>"
        case Picture(svg=svg):
            return f'<div class="picture">{svg}</div>'
        case Flow(node=node):
            return f'<div class="flow">{_node(node)}</div>'


def _table(table: Table) -> str:
    kept = kept_columns(table)
    names = "".join(f'<th scope="col">{escape(table.columns[index])}</th>' for index in kept)
    head = f"<thead><tr>{names}</tr></thead>" if any(table.columns) else ""
    rows = "".join(f"<tr>{''.join(_data(row[index]) for index in kept)}</tr>" for row in table.rows)
    note = f'<p class="aside">{escape(table.note)}</p>' if table.note else ""
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>{note}'


def _data(cell: Cell) -> str:
    is_long = sum(len(span.text) for span in cell) > _LONG
    return f'<td class="long">{_cell(cell)}</td>' if is_long else f"<td>{_cell(cell)}</td>"


def _node(node: Node) -> str:
    match node:
        case Box():
            return _column(node)
        case Chain(nodes=nodes):
            return f'<div class="chain">{_ARROW.join(map(_node, nodes))}</div>'
        case Fork(label=label, ways=ways):
            inner = "".join(_way(name, each) for name, each in ways)
            title = f'<span class="fork-label">{escape(label)}</span>' if label else ""
            return f'<div class="fork">{title}{inner}</div>'


def _way(label: str, node: Node) -> str:
    name = f'<span class="way-label">{escape(label)}</span>' if label else ""
    return f'<div class="way">{name}{_node(node)}</div>'


def _column(box: Box) -> str:
    if box.below is None:
        return f'<div class="column">{_box(box)}</div>'
    undo = '<span class="undo">↑ undone by</span>'
    return f'<div class="column">{_box(box)}{undo}{_box(box.below, "below")}</div>'


def _box(box: Box, extra: str = "") -> str:
    classes = " ".join(filter(None, ("box", extra, "decisive" if box.is_decisive else "")))
    marks = f'<span class="marks">{_cell(box.marks)}</span>' if box.marks else ""
    return f'<div class="{classes}"><span class="title">{escape(box.title)}</span>{marks}</div>'


def _cell(cell: Cell) -> str:
    return "".join(map(_span, cell))


def _span(span: Span) -> str:
    if span.style == "plain":
        return _told(span.text)
    if span.style in ("code", "address"):
        return f'<code class="{span.style}">{_text(span)}</code>'
    return f'<span class="{span.style}">{_text(span)}</span>'


def _told(words: str) -> str:
    """Return prose, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _text(span: Span) -> str:
    """Return a span's text; in an address the `$.` steps back behind the names."""
    if span.style == "address" and span.text.startswith("$."):
        return f"<i>$.</i>{escape(span.text[2:])}"
    return escape(span.text) if span.style in ("code", "address") else _told(span.text)
