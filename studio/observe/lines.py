"""Write a trace as lines of text: names, bars of block characters, durations, and what went wrong in words."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from studio.errors import in_words
from studio.observe.axis import Axis, duration
from studio.observe.marks import Mark
from studio.observe.timeline import Row, Timeline
from studio.records import Span

__all__ = ["STATUS_SIGNS", "fit", "lines_of"]

STATUS_SIGNS = {"ok": "✓", "error": "✗", "timeout": "◔", "crashed": "✖", "unfinished": "…"}
"""One sign for each status of a span."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_DURATION_MIN = 8  # `1 min 05 s` takes more
_STATUS_MAX = 20
_ROOM_FOR_SERVICES = 80
_DEPTH_MAX = 10


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide each column is."""

    width: int
    label: int
    service: int  # with the blank before it; 0 where there is no room
    status: int
    spent: int
    bars: int

    @property
    def bars_at(self) -> int:
        return self.label + self.service + 2


def lines_of(timeline: Timeline, *, title: str, corner: str, width: int) -> list[str]:
    """Return the picture, line by line.

    Args:
        timeline: What to show.
        title: On the left of the first line.
        corner: On its right.
        width: Of a line, in characters; at least 60.
    """
    columns = _columns(timeline, max(60, width))
    corner = fit(corner, min(_wide(corner), columns.width - 12))
    head = fit(title, columns.width - _wide(corner) - 1) + " " + corner
    found = [head.rstrip(), _axis_line(timeline.axis, columns)]
    for row in timeline.rows:
        found.append(_row_line(row, timeline.axis, columns))
        found += [_mark_line(mark, row.depth + 1, timeline.axis, columns) for mark in row.marks]
    if not timeline.rows:
        found.append("no spans")
    if timeline.hidden:
        found.append(f"… and {timeline.hidden} more spans")
    found += [_mark_line(mark, 0, timeline.axis, columns) for mark in timeline.loose]
    return found + _path_lines(timeline, columns.width)


def _path_lines(timeline: Timeline, width: int) -> list[str]:
    """Tell the critical path in words, broken between spans; a span alone is its own path and needs none."""
    spent, whole = timeline.path.spent_ns, timeline.path.length_ns
    titles = {row.span.span: row.title for row in timeline.rows}
    if len(spent) < 2:
        return []
    told = [
        f"{titles.get(span, 'not shown')} {duration(time)} ({100 * time / whole:.0f} %)" for span, time in spent.items()
    ]
    lines = ["critical path:"]
    for at, part in enumerate(told):
        shown = f"· {part}" if at else part
        if _wide(lines[-1]) + 1 + _wide(shown) > width:
            lines.append(" ")
        lines[-1] += f" {shown}"
    return [fit(line, width).rstrip() for line in lines]


def _columns(timeline: Timeline, width: int) -> _Columns:
    longest = max((_wide(row.span.service) for row in timeline.rows), default=0)
    service = min(width * 15 // 100, longest) + 1 if width >= _ROOM_FOR_SERVICES else 0
    label = max(12, min(max((_wide(_label(row)) for row in timeline.rows), default=0), width * 34 // 100))
    status = min(_STATUS_MAX, width // 6, max((_wide(_status(row.span)) for row in timeline.rows), default=0))
    spent = max([_DURATION_MIN, *(_wide(duration(row.spent_ns)) for row in timeline.rows)])
    return _Columns(width, label, service, status, spent, width - label - service - status - spent - 5)


def _label(row: Row) -> str:
    return "  " * min(row.depth, _DEPTH_MAX) + row.title


def _status(span: Span) -> str:
    sign = STATUS_SIGNS.get(span.status, "?")
    return sign if span.status == "ok" else f"{sign} {in_words(span.error) or span.status}"


def _axis_line(axis: Axis, columns: _Columns) -> str:
    cells = [" "] * columns.bars
    free_from = 0
    for at, label in axis.ticks(max(3, columns.bars // 8)):
        left = min(int(axis.share(at) * columns.bars), columns.bars - len(label))
        if left >= free_from:
            cells[left : left + len(label)] = label
            free_from = left + len(label) + 1
    return (" " * columns.bars_at + "".join(cells)).rstrip()


def _row_line(row: Row, axis: Axis, columns: _Columns) -> str:
    span = row.span
    left, right = axis.share(span.start_ns) * columns.bars, axis.share(span.end_ns) * columns.bars
    service = " " + fit(span.service, columns.service - 1) if columns.service else ""
    bar = _bar(left, right, columns.bars)
    spent = duration(row.spent_ns)
    return (
        f"{fit(_label(row), columns.label)}{service} │{bar}│ {spent:>{columns.spent}} "
        f"{fit(_status(span), columns.status).rstrip()}"
    )


def _bar(left: float, right: float, cells: int) -> str:
    """Draw a bar to the eighth of a cell on its right end, and never less than a stroke."""
    first = min(int(left), cells - 1)
    eighths = max(1, round((right - first) * 8))
    full, rest = divmod(min(eighths, (cells - first) * 8), 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    return (" " * first + drawn).ljust(cells)


def _mark_line(mark: Mark, depth: int, axis: Axis, columns: _Columns) -> str:
    """Put the sign below its instant; where the words would not fit on its right, move both to the left."""
    text = mark.text.replace("\n", " ")
    at = columns.bars_at + min(int(axis.share(mark.at_ns) * columns.bars), columns.bars - 1)
    left = max(min(at, columns.width - _wide(text)), min(2 * depth, 2 * _DEPTH_MAX))
    return " " * left + fit(text, columns.width - left).rstrip()


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def fit(text: str, width: int) -> str:
    """Return a text in exactly `width` cells: padded, or cut with an ellipsis."""
    text = "".join(character if character.isprintable() else " " for character in text)
    if _wide(text) <= width:
        return text + " " * (width - _wide(text))
    kept = ""
    while text and _wide(kept + text[0]) < width:
        kept, text = kept + text[0], text[1:]
    return kept + "…" + " " * (width - _wide(kept) - 1)
