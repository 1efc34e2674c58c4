"""Write short tables as HTML: titles, numbers at the right, a bar behind what is a share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = ["Field", "number", "plain_table", "section"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    Attributes:
        title: On top.
        is_number: Whether it stands at the right.
        is_html: Whether cells are HTML of ours already.
        share_of: What fills the bar behind a number; 0 draws none.
        is_percent: Whether a number is a share, to be written in percent.
    """

    title: str
    is_number: bool = False
    is_html: bool = False
    share_of: float = 0
    is_percent: bool = False


def number(title: str, *, share_of: float = 0, is_html: bool = False, is_percent: bool = False) -> Field:
    """Return a column of numbers."""
    return Field(title, is_number=True, is_html=is_html, share_of=share_of, is_percent=is_percent)


def plain_table(fields: Sequence[Field], rows: Iterable[Sequence[Any]], *, caption: str) -> str:
    """Return a table.

    Args:
        fields: Its columns.
        rows: Cells; what is no text is written in three digits.
        caption: What it holds, for screen readers.
    """
    head = "".join(f'<th scope="col"{_side(field)}>{escape(field.title)}</th>' for field in fields)
    body = "".join(f"<tr>{''.join(map(_cell, fields, row))}</tr>" for row in rows)
    return f'<table aria-label="{escape(caption)}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def section(title: str, inner: str, *, note: str = "") -> str:
    """Return a part of a page under a heading.

    Args:
        title: Of it.
        inner: HTML.
        note: A sentence beside the heading.
    """
    told = f' <span class="soft">{escape(note)}</span>' if note else ""
    return f"<section><h3>{escape(title)}{told}</h3>{inner}</section>"


def _cell(field: Field, value: Any) -> str:
    is_percent = field.is_percent and value is not None
    shown = str(value) if field.is_html else f"{value:.0%}" if is_percent else _breaking(escape(_said(value)))
    if field.share_of and isinstance(value, int | float):
        width = round(100 * min(1.0, value / field.share_of))
        shown = f'<span class="share" style="--share: {width}%">{shown}</span>'
    return f"<td{_side(field)}>{shown}</td>"


def _breaking(text: str) -> str:
    """Let a long name break where it has a joint, `OrderProcessing.send_parcel`, since it has no spaces."""
    return re.sub(r"([._])(?=[A-Za-z])", r"\1<wbr>", text)


def _side(field: Field) -> str:
    return ' style="text-align: right; white-space: nowrap"' if field.is_number else ""


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
