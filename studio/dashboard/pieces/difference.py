"""Compare the contents of two messages field by field: what was added, taken away, or changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Literal, NamedTuple

from studio.dashboard.pieces.facts import table

__all__ = ["Change", "changes", "difference_table"]

ROWS_MAX = 500
VALUE_MAX = 1_000  # characters
_SIGNS = {"added": "+", "removed": "−", "changed": "≠", "same": "="}


class Change(NamedTuple):
    """How one field differs.

    Attributes:
        path: With dots, and numbers for places in lists.
        kind: How.
        before: As JSON; empty where it was added.
        after: As JSON; empty where it was removed.
    """

    path: str
    kind: Literal["added", "removed", "changed", "same"]
    before: str
    after: str


def changes(before: str, after: str, fields: Sequence[str] = ()) -> list[Change]:
    """Return every field of two messages, those of the contract first and in its order.

    Args:
        before: Contents of the one, as it was sent.
        after: Of the other.
        fields: Of the contract.
    """
    one, other = dict(_leaves(_read(before))), dict(_leaves(_read(after)))
    paths = list(dict.fromkeys((*one, *other)))
    paths.sort(key=lambda path: _rank(path, fields))
    return [_change(path, one.get(path), other.get(path)) for path in paths]


def difference_table(before: str, after: str, fields: Sequence[str] = ()) -> str:
    """Return the differences as a table in HTML, each with its sign; of long ones the fields that differ come first."""
    every = changes(before, after, fields)
    found = every if len(every) <= ROWS_MAX else sorted(every, key=lambda each: each.kind == "same")[:ROWS_MAX]
    rows = [
        (f'{_SIGNS[each.kind]} <span class="soft">{each.kind}</span>', f'<span class="code">{escape(each.path)}</span>',
         f'<span class="code">{escape(_cut(each.before))}</span>',
         f'<span class="code">{escape(_cut(each.after))}</span>')
        for each in found
    ]  # fmt: skip
    classes = [each.kind if each.kind != "same" else "" for each in found]
    same = all(each.kind == "same" for each in found)
    told = "<p>✓ Both have the same contents.</p>" if same else ""
    if len(found) < len(every):
        told += f"<p>{len(found):,} of {len(every):,} fields are shown, those that differ first.</p>"
    titles = ("Change", "Field", "Before", "After")
    return told + table(titles, rows, label="Difference field by field", classes=classes)


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}… and {len(text) - VALUE_MAX:,} characters more"


def _change(path: str, before: str | None, after: str | None) -> Change:
    if before is None:
        return Change(path, "added", "", after or "")
    if after is None:
        return Change(path, "removed", before, "")
    return Change(path, "same" if before == after else "changed", before, after)


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    parts = [(f"{path}.{name}" if path else str(name), each) for name, each in inner]
    if not parts:
        yield path or "(whole)", json.dumps(value, ensure_ascii=False)
    for name, each in parts:
        yield from _leaves(each, name)


def _rank(path: str, fields: Sequence[str]) -> int:
    first = path.partition(".")[0]
    return fields.index(first) if first in fields else len(fields)
