"""Draw a sequence diagram as one self-contained SVG: legible in light and dark, with three lanes and with ten."""

from __future__ import annotations

import re
from html import escape
from math import atan2, cos, degrees, sin
from typing import TYPE_CHECKING

from studio.observe.lines import fit
from studio.observe.marks import SIGNS
from studio.observe.sequence_lines import HAPPENINGS, clock
from studio.observe.sequence_rows import OUTSIDE, Row, RowKind
from studio.observe.sequence_slant import Arrival, with_arrivals
from studio.observe.sequence_style import STYLE

if TYPE_CHECKING:
    from studio.observe.sequence import Sequence

__all__ = ["draw_sequence"]

_WIDTH_MIN, _WIDTH_MAX, _LEFT, _RIGHT = 720, 1000, 92, 20
_PITCH = 200  # of two lanes, while there is room
_HEAD, _LANES_Y, _ROW, _STRIKE, _FOLD, _ARRIVAL = 44, 62, 34, 18, 20, 22
_CHARACTER, _BOLD = 6.4, 7.1  # pixels that one character of 12 px takes on average
_LOST_AT = 0.62  # share of its way at which a message is lost
_LABEL_MIN = 24  # characters that a label may take, however near its lanes are to each other
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")

_MEANINGS: dict[RowKind, str] = {
    "effect": "effect",
    "trouble": "timeout or refusal",
    "crash": "crash",
    "saga": "saga",
    "policy": "policy",
}
_BOLT = "M2-8-5 1.5h4L-3 8 5-2.5H1z"


class _Sheet:
    """Where lanes and rows lie on this picture."""

    def __init__(self, sequence: Sequence) -> None:
        self.sequence = sequence
        count = max(len(sequence.lanes), 1)
        self.width = min(_WIDTH_MAX, max(_WIDTH_MIN, _LEFT + _RIGHT + _PITCH * count))
        self.pitch = (self.width - _LEFT - _RIGHT) / count
        self.x = {lane: round(_LEFT + self.pitch * (at + 0.5), 1) for at, lane in enumerate(sequence.lanes)}
        self.ends: dict[int, float] = {}  # where the slow messages arrive, by their rows

    def room(self, pixels: float, *, is_bold: bool = False) -> int:
        """Return how many characters have room there."""
        return max(4, int(pixels / (_BOLD if is_bold else _CHARACTER)))


def draw_sequence(sequence: Sequence) -> str:
    """Return the picture."""
    sheet = _Sheet(sequence)
    placed, y = _placed(sequence, sheet)
    body, slants, shown = [], [], ""
    for part, top, height in placed:
        time = clock(sequence, part.at_ns)
        if time != shown and (isinstance(part, Arrival) or part.kind != "more"):
            body.append(f'<text class="soft end" x="{_LEFT - 16}" y="{top + height / 2}">{time}</text>')
            shown = time
        if isinstance(part, Row):
            slants.append(_slant(part, sheet, top) if id(part) in sheet.ends else "")
            body.append(f"<g><title>{_safe(_tip(part, sequence))}</title>{_row(part, sheet, top)}</g>")
    bottom = round(y + 8)
    legend = _legend(sequence, sheet)
    title = sheet.room((sheet.width - 36 - len(sequence.corner) * _CHARACTER) / 1.2, is_bold=True)
    height = bottom + 12 + _STRIKE * len(legend)
    return "".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="studio-sequence" role="img" ',
            f'viewBox="0 0 {sheet.width} {height}" width="{sheet.width}" style="max-width: 100%; height: auto" ',
            f'aria-label="{_safe(_told(sequence))}"><style>{STYLE}</style>',
            f'<rect class="back" width="{sheet.width}" height="{height}" rx="6"/>',
            f'<text class="title" x="12" y="20">{_safe(fit(sequence.title, title).rstrip())}</text>',
            f'<text class="soft end" x="{sheet.width - 12}" y="20">{_safe(sequence.corner)}</text>',
            *(_lane(lane, sheet, bottom) for lane in sequence.lanes),
            *slants,
            *body,
            *(_soft(line, bottom + 12 + _STRIKE * at) for at, line in enumerate(legend)),
            "</svg>",
        ]
    )


def _placed(sequence: Sequence, sheet: _Sheet) -> tuple[list[tuple[Row | Arrival, float, int]], float]:
    """Return where each part of the picture begins and how high it is, and where the last one ends."""
    placed: list[tuple[Row | Arrival, float, int]] = []
    y = float(_LANES_Y + 26)
    for part in with_arrivals(sequence.rows):
        if isinstance(part, Arrival):
            sheet.ends |= {id(row): y + _ARRIVAL / 2 for row in part.rows}
            placed.append((part, y, _ARRIVAL))
            y += _ARRIVAL
        else:
            height = _FOLD if part.kind == "more" else _ROW
            placed.append((part, y, height))
            y += height + _STRIKE * len(part.strikes)
    return placed, y


def _lane(lane: str, sheet: _Sheet, bottom: int) -> str:
    x, width = sheet.x[lane], min(sheet.pitch - 8, 150)
    third = " third" if lane in sheet.sequence.third or lane == OUTSIDE else ""
    box = f'x="{x - width / 2:.1f}" y="{_LANES_Y - 13}" width="{width:.1f}" height="26" rx="5"'
    name = fit(lane, min(len(lane), sheet.room(width - 8, is_bold=True))).rstrip()
    return (
        f'<line class="life" x1="{x}" x2="{x}" y1="{_LANES_Y + 12}" y2="{bottom}"/><g><title>{_safe(lane)}</title>'
        f'<rect class="head{third}" {box}/>'
        f'<text class="strong middle" x="{x}" y="{_LANES_Y}">{_safe(name)}</text></g>'
    )


def _row(row: Row, sheet: _Sheet, y: float) -> str:
    """Draw one row with what struck in it."""
    if row.kind == "more":
        line = f'<line class="fold" x1="{_LEFT}" x2="{sheet.width - _RIGHT}" y1="{y + 10}" y2="{y + 10}"/>'
        return f'{line}<text class="soft middle halo" x="{sheet.width / 2}" y="{y + 10}">{_safe(row.words)}</text>'
    if row.kind == "violation":
        words = _safe(
            fit(f"{SIGNS['violation']} {row.words}", sheet.room(sheet.width - _LEFT - 44, is_bold=True)).rstrip()
        )
        box = (
            f'<rect class="verdict" x="{_LEFT}" y="{y + 3}" width="{sheet.width - _LEFT - _RIGHT}" height="26" rx="5"/>'
        )
        return f'{box}<text class="trouble" x="{_LEFT + 12}" y="{y + 16.5}">{words}</text>'
    is_arrow = bool(row.to) and row.to != row.lane
    return (_arrow(row, sheet, y) if is_arrow else _spot(row, sheet, y)) + _strikes(row, sheet, y + _ROW)


def _arrow(row: Row, sheet: _Sheet, y: float) -> str:
    """Draw a message from lane to lane with its words; one that is slow is drawn apart, below them."""
    start, end, at = sheet.x[row.lane], sheet.x[row.to], y + 25
    left, right = min(start, end), max(start, end)
    room = max(sheet.room(right - left - 8, is_bold=row.is_troubled), _LABEL_MIN)
    words = fit(row.words, min(len(row.words), room)).rstrip()
    weight = "trouble" if row.is_troubled else "soft" if row.kind == "reply" else ""
    stroke = "" if id(row) in sheet.ends else _stroke(row, (start, at), (end, at))
    return f"{stroke}{_label(words, (left + right) / 2, y + 12, (weight, sheet.width))}"


def _slant(row: Row, sheet: _Sheet, y: float) -> str:
    """Draw a slow message from where it was sent down to where it arrived."""
    return _stroke(row, (sheet.x[row.lane], y + 25), (sheet.x[row.to], sheet.ends[id(row)]))


def _stroke(row: Row, start: tuple[float, float], end: tuple[float, float]) -> str:
    """Draw the line of a message and its head; what is lost ends on its way in a cross."""
    kind = {"event": "event", "reply": "reply"}.get(row.kind, "call")
    bad = " bad" if row.is_troubled else ""
    if row.is_lost:
        end = (start[0] + (end[0] - start[0]) * _LOST_AT, end[1])
    angle = atan2(end[1] - start[1], end[0] - start[0])
    x, y = end[0] - 7 * cos(angle), end[1] - 7 * sin(angle)
    line = f'<line class="arrow {kind}{bad}" x1="{start[0]}" x2="{x:.1f}" y1="{start[1]}" y2="{y:.1f}"/>'
    if row.is_lost:
        return f'{line}<text class="trouble middle" font-size="15" x="{end[0]:.1f}" y="{end[1]}">✗</text>'
    tip = "bad-tip" if row.is_troubled else f"{kind}-tip tip" if kind == "call" else f"{kind}-tip"
    turned = f"translate({end[0]:.1f} {end[1]:.1f}) rotate({degrees(angle):.1f})"
    return f'{line}<path class="{tip}" transform="{turned}" d="M0 0l-9-4.5v9z"/>'


def _label(words: str, x: float, y: float, looks: tuple[str, int]) -> str:
    """Write words around a place, moved so that they stay on the sheet."""
    weight, width = looks
    half = len(words) * _CHARACTER / 2
    x = min(max(x, _LEFT - 10 + half), width - 8 - half)
    return f'<text class="middle halo {weight}" x="{x:.1f}" y="{y}">{_safe(words)}</text>'


def _spot(row: Row, sheet: _Sheet, y: float) -> str:
    """Draw what happens at one place: its sign on the lane, its words on the side where there is room."""
    x, at = sheet.x.get(row.lane, _LEFT), y + _ROW / 2
    sign = f'<text class="middle halo {"trouble" if row.is_troubled else ""}" x="{x}" y="{at}" font-size="15">'
    sign += f"{HAPPENINGS.get(row.kind, '↻')}</text>"
    if row.kind == "effect":
        sign = f'<circle class="spot" cx="{x}" cy="{at}" r="6"/>'
    if row.kind == "fault":
        sign = f'<path class="bolt" transform="translate({x} {at})" d="{_BOLT}"/>'
    return sign + _beside(
        row.words, (x, at, sheet.width), "trouble" if row.is_troubled else "strong" if row.kind == "effect" else ""
    )


def _beside(words: str, place: tuple[float, float, int], weight: str) -> str:
    """Write words on the right of a place on a sheet so wide, or on its left where they would not fit."""
    x, y, width = place
    is_left = x > width / 2
    room = (x - _LEFT if is_left else width - _RIGHT - x) - 16
    told = fit(words, min(len(words), max(8, int(room / (_BOLD if weight else _CHARACTER))))).rstrip()
    looks = f'class="halo {weight}{" end" if is_left else ""}" x="{x - 13 if is_left else x + 13:.1f}" y="{y}"'
    return f"<text {looks}>{_safe(told)}</text>"


def _strikes(row: Row, sheet: _Sheet, y: float) -> str:
    """Write what struck below the row, a bolt before it, at the place where it struck."""
    parts = []
    for number, words in enumerate(row.strikes):
        at = y + _STRIKE * number + 8
        x = sheet.x.get(row.lane, _LEFT)
        if row.to and row.to != row.lane:
            x += (sheet.x[row.to] - x) * _LOST_AT
        parts.append(f'<path class="bolt" transform="translate({x:.1f} {at})" d="{_BOLT}"/>')
        parts.append(_beside(words, (x, at, sheet.width), "trouble"))
    return "".join(parts)


def _legend(sequence: Sequence, sheet: _Sheet) -> list[str]:
    """Say what the signs mean that are used, in as many lines as it takes."""
    kinds = {row.kind for row in sequence.rows}
    told = [words for kind, words in (("call", "▶ call"), ("event", "▷ event"), ("reply", "⇠ answer")) if kind in kinds]
    told += ["✗ lost on its way"] if any(row.is_lost for row in sequence.rows) else []
    told += [f"{SIGNS['fault']} fault"] if any(row.strikes or row.kind == "fault" for row in sequence.rows) else []
    told += [f"{HAPPENINGS[kind]} {words}" for kind, words in _MEANINGS.items() if kind in kinds]
    told += ["dashed box: not ours"] if sequence.third & set(sequence.lanes) else []
    lines = [""]
    for each in told:
        longer = f"{lines[-1]} \u2003 {each}" if lines[-1] else each
        if len(longer) > sheet.room(sheet.width - 24):
            lines.append(each)
        else:
            lines[-1] = longer
    return lines


def _soft(words: str, y: int) -> str:
    return f'<text class="soft" x="12" y="{y}">{_safe(words)}</text>'  # \u2003 is an em: plain spaces become one


def _tip(row: Row, sequence: Sequence) -> str:
    way = f"{row.lane} → {row.to}" if row.to else row.lane
    time = clock(sequence, row.at_ns)
    if row.to and not row.is_lost and row.arrives_ns > row.at_ns:
        time = f"sent {time}, arrived {clock(sequence, row.arrives_ns)}"
    return "\n".join(filter(None, (row.words, way, time, *row.strikes)))


def _told(sequence: Sequence) -> str:
    """Say the picture in a sentence, for those who do not see it."""
    struck = [words for row in sequence.rows for words in row.strikes]
    broken = [row.words for row in sequence.rows if row.kind == "violation"]
    parts = [f"{sequence.title}, {sequence.corner}: {len(sequence.lanes)} lanes, {len(sequence.rows)} rows"]
    return "; ".join([*parts, *struck[:5], *broken[:3]])


def _safe(text: str) -> str:
    """Escape a text for XML, which also refuses control characters."""
    return escape(_NOT_XML.sub("�", text))
