"""Write HTML for details: facts as pairs, tables, JSON as people read it, words with the sign of how things ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from studio.dashboard.pieces.window_table import Mark
from studio.errors import in_words

__all__ = ["PRETTY_MAX", "error_words", "facts", "mark_of", "marked", "pretty", "section", "table"]

PRETTY_MAX = 20_000
"""Characters of contents that are written into a page."""
_MARKS: Final[dict[str, Mark]] = {
    "ok": "ok", "replied": "ok", "acknowledged": "ok", "completed": "ok", "done": "ok",
    "error": "error", "crashed": "error", "dead-lettered": "error", "lost": "error", "stuck": "error",
    "compensation-failed": "error", "failed": "error", "refused": "error",
    "timeout": "warning", "timed-out": "warning", "compensating": "warning", "unknown": "warning",
    "redelivered": "warning", "late": "warning", "duplicated": "warning", "compensated": "info",
    "running": "info", "abandoned": "muted", "delivered": "info", "intent": "muted", "unfinished": "muted",
    "sent": "muted", "duplicate": "muted",
}  # fmt: skip
_SIGNS: Final[dict[Mark, str]] = {"ok": "✓", "warning": "▲", "error": "✕", "info": "●", "muted": "–", "": ""}


def mark_of(word: Any) -> Mark:
    """Return the mark of a status, a state or an outcome."""
    first = str(word).partition(" ")[0].rstrip(",")
    return _MARKS.get(first, "")


def marked(word: str, text: str = "") -> str:
    """Return a status with its sign and colour.

    Args:
        word: Of the status.
        text: That is shown in its place.
    """
    mark = mark_of(word)
    sign = f'<span aria-hidden="true">{_SIGNS[mark]}</span> ' if mark else ""
    return f'<span class="mark is-{mark or "plain"}">{sign}{escape(text or word)}</span>'


def error_words(error: str) -> str:
    """Return an error's code, with what it means where it is one of ours."""
    words = in_words(error)
    return f"{words} ({error})" if words and words != error else error


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return pairs of a title and HTML; those without content are left out."""
    shown = [f"<dt>{escape(title)}</dt><dd>{inner}</dd>" for title, inner in pairs if inner]
    return f"<dl>{''.join(shown)}</dl>" if shown else ""


def section(title: str, inner: str) -> str:
    """Return a titled part; nothing where it has no content."""
    return f"<h3>{escape(title)}</h3>{inner}" if inner else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, label: str = "", classes: Sequence[str] = ()) -> str:
    """Return a table of HTML cells; nothing where it has no rows.

    Args:
        titles: Of the columns.
        rows: HTML of their cells.
        label: What the table holds, for screen readers.
        classes: Of the rows, in order; none where there are no more.
    """
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = [
        f'<tr class="{classes[at] if at < len(classes) else ""}">{"".join(f"<td>{cell}</td>" for cell in row)}</tr>'
        for at, row in enumerate(rows)
    ]
    if not body:
        return ""
    return f'<table aria-label="{escape(label)}"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def pretty(body: str, fields: Sequence[str] = ()) -> str:
    """Return JSON indented, with the fields of its contract first and in their order; other text as it is.

    A browser lays out what it is given whole: of what is very long, only the beginning is returned, and says so.

    Args:
        body: As it was sent.
        fields: Of the contract.
    """
    text = _indented(body, fields)
    if len(text) <= PRETTY_MAX:
        return text
    return f"{text[:PRETTY_MAX]}\n… and {len(text) - PRETTY_MAX:,} characters more"


def _indented(body: str, fields: Sequence[str]) -> str:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or lists in lists in lists
        return body
    if isinstance(value, dict):
        known = {name: value[name] for name in fields if name in value}
        value = known | {name: each for name, each in value.items() if name not in known}
    return json.dumps(value, indent=2, ensure_ascii=False)
