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

if TYPE_CHECKING:
    from studio.observe.sequence import Sequence

__all__ = ["draw_sequence"]

_WIDTH, _LEFT, _RIGHT = 1000, 92, 20
_HEAD, _LANES_Y, _ROW, _STRIKE, _FOLD, _ARRIVAL = 44, 62, 34, 18, 20, 22
_CHARACTER, _BOLD = 6.4, 7.1  # pixels that one character of 12 px takes on average
_LOST_AT = 0.62  # share of its way at which a message is lost
_LABEL_MIN = 24  # characters that a label may take, however near its lanes are to each other
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")

# Middle tones: each stands out on white and on black. Surroundings (JupyterLab, VS Code) give text and background.
_STYLE = """
.studio-sequence { --s-text: var(--jp-ui-font-color1, var(--vscode-foreground, var(--studio-text)));
  --s-soft: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, var(--studio-soft)));
  --s-line: var(--jp-border-color2, var(--vscode-panel-border, var(--studio-line)));
  --s-back: var(--jp-layout-color1, var(--vscode-editor-background, var(--studio-back)));
  --s-error: var(--jp-error-color1, var(--studio-error));
  --studio-text: #24292f; --studio-soft: #5f6a75; --studio-line: #d8dee4; --studio-back: #ffffff;
  --studio-error: #d32f2f;
  font: 12px var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif); }
@media (prefers-color-scheme: dark) { .studio-sequence { --studio-text: #e6edf3; --studio-soft: #9aa6b2;
  --studio-line: #39424c; --studio-back: #14181d; --studio-error: #ff7b72; } }
.studio-sequence .back { fill: var(--s-back); }
.studio-sequence text { fill: var(--s-text); dominant-baseline: central; }
.studio-sequence .halo { stroke: var(--s-back); stroke-width: 4; stroke-linejoin: round; paint-order: stroke; }
.studio-sequence .title { font-size: 14px; font-weight: 600; }
.studio-sequence .soft { fill: var(--s-soft); }
.studio-sequence .end { text-anchor: end; } .studio-sequence .middle { text-anchor: middle; }
.studio-sequence .strong { font-weight: 600; }
.studio-sequence .trouble { fill: var(--s-error); font-weight: 600; }
.studio-sequence .life { stroke: var(--s-line); stroke-width: 1.2; }
.studio-sequence .dead { stroke: var(--s-error); stroke-width: 1.2; stroke-dasharray: 2 4; }
.studio-sequence .head { fill: var(--s-back); stroke: var(--s-soft); stroke-width: 1.2; }
.studio-sequence .third { stroke-dasharray: 4 3; }
.studio-sequence .arrow { stroke: #3f83c9; stroke-width: 1.6; fill: none; }
.studio-sequence .tip { fill: #3f83c9; }
.studio-sequence .event { stroke: #8a70d0; }
.studio-sequence .event-tip { fill: var(--s-back); stroke: #8a70d0; stroke-width: 1.6; }
.studio-sequence .reply { stroke: #8fa3b8; stroke-dasharray: 5 4; } .studio-sequence .reply-tip { fill: #8fa3b8; }
.studio-sequence .bad { stroke: var(--s-error); }
.studio-sequence .bad-tip, .studio-sequence .bolt { fill: var(--s-error); }
.studio-sequence .spot { fill: #2a9d8f; stroke: var(--s-back); stroke-width: 2; }
.studio-sequence .fold { stroke: var(--s-line); stroke-width: 1; stroke-dasharray: 1 4; }
.studio-sequence .verdict { fill: var(--s-error); fill-opacity: .12; stroke: var(--s-error); stroke-width: 1; }
"""
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
        self.pitch = (_WIDTH - _LEFT - _RIGHT) / count
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
    height = bottom + 30
    return "".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="studio-sequence" role="img" ',
            f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" style="max-width: 100%; height: auto" ',
            f'aria-label="{_safe(_told(sequence))}"><style>{_STYLE}</style>',
            f'<rect class="back" width="{_WIDTH}" height="{height}" rx="6"/>',
            f'<text class="title" x="12" y="20">{_safe(fit(sequence.title, 84).rstrip())}</text>',
            f'<text class="soft end" x="{_WIDTH - 12}" y="20">{_safe(sequence.corner)}</text>',
            *(_lane(lane, sheet, bottom) for lane in sequence.lanes),
            *slants,
            *body,
            _legend(sequence, bottom + 12),
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
        line = f'<line class="fold" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y + 10}" y2="{y + 10}"/>'
        return f'{line}<text class="soft middle halo" x="{_WIDTH / 2}" y="{y + 10}">{_safe(row.words)}</text>'
    if row.kind == "violation":
        words = _safe(fit(f"{SIGNS['violation']} {row.words}", 130).rstrip())
        box = f'<rect class="verdict" x="{_LEFT}" y="{y + 3}" width="{_WIDTH - _LEFT - _RIGHT}" height="26" rx="5"/>'
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
    return f"{stroke}{_label(words, (left + right) / 2, y + 12, weight)}"


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


def _label(words: str, x: float, y: float, weight: str) -> str:
    """Write words around a place, moved so that they stay on the sheet."""
    half = len(words) * _CHARACTER / 2
    x = min(max(x, _LEFT - 10 + half), _WIDTH - 8 - half)
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
    return sign + _beside(row.words, x, at, "trouble" if row.is_troubled else "strong" if row.kind == "effect" else "")


def _beside(words: str, x: float, y: float, weight: str) -> str:
    """Write words on the right of a place, or on its left where they would not fit."""
    is_left = x > _WIDTH / 2
    room = (x - _LEFT if is_left else _WIDTH - _RIGHT - x) - 16
    told = fit(words, min(len(words), max(8, int(room / (_BOLD if weight else _CHARACTER))))).rstrip()
    place = f'class="halo {weight}{" end" if is_left else ""}" x="{x - 13 if is_left else x + 13:.1f}" y="{y}"'
    return f"<text {place}>{_safe(told)}</text>"


def _strikes(row: Row, sheet: _Sheet, y: float) -> str:
    """Write what struck below the row, a bolt before it, at the place where it struck."""
    parts = []
    for number, words in enumerate(row.strikes):
        at = y + _STRIKE * number + 8
        x = sheet.x.get(row.lane, _LEFT)
        if row.to and row.to != row.lane:
            x += (sheet.x[row.to] - x) * _LOST_AT
        parts.append(f'<path class="bolt" transform="translate({x:.1f} {at})" d="{_BOLT}"/>')
        parts.append(_beside(words, x, at, "trouble"))
    return "".join(parts)


def _legend(sequence: Sequence, y: int) -> str:
    kinds = {row.kind for row in sequence.rows}
    told = [words for kind, words in (("call", "▶ call"), ("event", "▷ event"), ("reply", "⇠ answer")) if kind in kinds]
    told += ["✗ lost on its way"] if any(row.is_lost for row in sequence.rows) else []
    told += [f"{SIGNS['fault']} fault"] if any(row.strikes or row.kind == "fault" for row in sequence.rows) else []
    told += [f"{HAPPENINGS[kind]} {words}" for kind, words in _MEANINGS.items() if kind in kinds]
    told += ["dashed box: not ours"] if sequence.third & set(sequence.lanes) else []
    words = _safe(" \u2003 ".join(told))  # the space is an em wide: SVG draws several plain ones as one
    return f'<text class="soft" x="12" y="{y}">{words}</text>'


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
