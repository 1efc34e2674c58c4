"""Write a sequence diagram as lines of text: lanes as columns, messages as arrows between them, the words beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.observe.axis import duration
from studio.observe.lines import fit
from studio.observe.marks import SIGNS
from studio.observe.sequence_rows import Row, RowKind
from studio.observe.sequence_slant import is_slow

if TYPE_CHECKING:
    from studio.observe.sequence import Sequence

__all__ = ["HAPPENINGS", "clock", "text_of"]

HAPPENINGS: dict[RowKind, str] = {
    "effect": "●",
    "saga": "◆",
    "crash": SIGNS["crash"],
    "policy": SIGNS["policy"],
    "trouble": "◔",
    "fault": SIGNS["fault"],
    "violation": SIGNS["violation"],
}
"""One sign for each kind of thing that happens at one place."""

_TIME, _WORDS, _WIDTH_MIN = 9, 38, 60
_PITCH_MIN, _PITCH_MAX = 5, 13


def text_of(sequence: Sequence, width: int) -> str:
    """Return the diagram in characters; no line is longer than `width`."""
    width = max(_WIDTH_MIN, width)
    count = max(len(sequence.lanes), 1)
    pitch = max(_PITCH_MIN, min(_PITCH_MAX, (width - _TIME - _WORDS) // count))
    columns = {lane: _TIME + 2 + pitch * at + pitch // 2 for at, lane in enumerate(sequence.lanes)}
    words_at = _TIME + 2 + pitch * count + 1
    corner = fit(sequence.corner, min(len(sequence.corner), width - 12))
    head = fit(sequence.title, width - len(corner) - 1) + " " + corner
    names = "".join(_centred(lane, pitch) for lane in sequence.lanes)
    lines = [head.rstrip(), (" " * (_TIME + 2) + names).rstrip()]
    shown = ""
    for row in sequence.rows:
        time = clock(sequence, row.at_ns)
        words = f"{row.words}, arrives {clock(sequence, row.arrives_ns)}" if is_slow(row, sequence.rows) else row.words
        lines += _row_lines(row, words, "" if time == shown else time, columns, (words_at, width))
        shown = time
    if sequence.left:
        lines.append(f"{'':>{_TIME}}  {sequence.left} more beside the story")
    return "\n".join(lines)


def clock(sequence: Sequence, at_ns: int) -> str:
    """Return an instant as this diagram tells time: in milliseconds while it is short, else in seconds to the same."""
    last_ns = max((row.at_ns for row in sequence.rows), default=0)
    if last_ns >= 3_600_000_000_000:
        return duration(at_ns)
    return f"{at_ns / 1e9:.3f} s" if last_ns >= 1_000_000_000 else f"{at_ns / 1e6:g} ms"


def _row_lines(row: Row, words: str, time: str, columns: dict[str, int], room: tuple[int, int]) -> list[str]:
    words_at, width = room
    cells = [" "] * words_at
    for column in columns.values():
        cells[column] = "│"
    if row.kind == "violation":
        return [fit(f"{time:>{_TIME}}  ✗ {row.words}", width).rstrip()]
    if row.kind == "more":
        for column in columns.values():
            cells[column] = "┊"
    elif row.to and row.to != row.lane:
        _arrow(cells, columns[row.lane], columns[row.to], row)
    else:
        cells[columns[row.lane]] = HAPPENINGS.get(row.kind, "↻")
    drawn = f"{time:>{_TIME}}" + "".join(cells)[_TIME:]
    lines = [drawn + fit(words, width - words_at).rstrip()]
    blank = " " * _TIME + "".join("│" if at in columns.values() else " " for at in range(_TIME, words_at))
    return lines + [blank + fit(f"{SIGNS['fault']} {each}", width - words_at).rstrip() for each in row.strikes]


def _arrow(cells: list[str], start: int, end: int, row: Row) -> None:
    """Draw from one column towards another; what is lost ends on its way."""
    step = 1 if end > start else -1
    if row.is_lost:
        end = start + step * max(2, abs(end - start) * 3 // 5)
    stroke = "┄" if row.kind == "reply" else "─"
    for at in range(start + step, end, step):
        cells[at] = stroke
    cells[start] = "├" if step > 0 else "┤"
    if row.is_lost:
        cells[end] = "✗"
    else:
        cells[end - step] = "▶" if step > 0 else "◀"


def _centred(name: str, pitch: int) -> str:
    room = pitch - 1
    return fit(name, min(room, len(name))).rstrip().center(room) + " "
