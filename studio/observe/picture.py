"""Draw a trace as one self-contained SVG: legible in light and dark, with five spans and with two hundred."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from studio.errors import in_words
from studio.observe.axis import Axis, duration, instant
from studio.observe.critical_path import CriticalPath, Stretch
from studio.observe.lines import STATUS_SIGNS, fit
from studio.observe.marks import SIGNS, Mark
from studio.observe.palette import surface
from studio.observe.timeline import Row, Timeline

__all__ = ["draw"]

_WIDTH, _BARS_LEFT, _BARS_RIGHT = 1000, 330, 830
_HEAD, _MARK_HEIGHT, _INDENT, _DEPTH_MAX = 52, 17, 12, 10
_NOT_XML = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_CHARACTER = 6.3  # pixels that one character of 12 px takes on average

# Middle tones: each stands out on white and on black.
_STYLE = (
    surface("studio-waterfall")
    + """
.studio-waterfall .title { font-size: 14px; font-weight: 600; }
.studio-waterfall .soft { fill: var(--s-soft); }
.studio-waterfall .end { text-anchor: end; }
.studio-waterfall .middle { text-anchor: middle; }
.studio-waterfall .trouble { fill: var(--s-error); font-weight: 600; }
.studio-waterfall .strong { font-weight: 600; }
.studio-waterfall .bolt { fill: var(--s-error); }
.studio-waterfall .grid { stroke: var(--s-line); stroke-width: 1; }
.studio-waterfall .stem { stroke: var(--s-error); stroke-width: 1; stroke-dasharray: 2 2; }
.studio-waterfall .work { fill: #3f83c9; } .studio-waterfall .wait { fill: #8fa3b8; }
.studio-waterfall .saga { fill: #8a70d0; } .studio-waterfall .undo { fill: #c98212; }
.studio-waterfall .third { fill: #2a9d8f; }
.studio-waterfall .error, .studio-waterfall .crashed { stroke: var(--s-error); stroke-width: 1.5; }
.studio-waterfall .timeout { stroke: var(--s-error); stroke-width: 1.5; stroke-dasharray: 5 3; }
.studio-waterfall .unfinished { fill-opacity: .25; stroke: var(--s-soft); stroke-width: 1.2; stroke-dasharray: 2 2; }
.studio-waterfall .critical { fill: none; stroke: var(--s-text); stroke-width: 2; }
.studio-waterfall .dot { fill: var(--s-back); stroke: var(--s-text); stroke-width: 1.2; }
"""
)

_ROLES = {
    "work": "work",
    "wait": "waiting for an answer",
    "saga": "saga and step",
    "undo": "compensation",
    "third": "third party",
}
_ROLE_OF = {
    "call": "wait",
    "publish": "wait",
    "saga": "saga",
    "step": "saga",
    "compensation": "undo",
    "external": "third",
}
_MEANINGS = {
    "fault": "fault",
    "crash": "crash",
    "delivery": "delivery",
    "policy": "policy",
    "step": "saga step",
    "violation": "violation",
}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where things lie on this picture."""

    axis: Axis
    row_height: int
    hatch: str
    path: CriticalPath

    def since(self, at_ns: int) -> int:
        """Return an instant as time since the left end, which is small enough for a script's numbers."""
        return at_ns - self.axis.start_ns

    def x(self, at_ns: int) -> float:
        return round(_BARS_LEFT + self.axis.share(at_ns) * (_BARS_RIGHT - _BARS_LEFT), 1)


def draw(timeline: Timeline, *, title: str, corner: str) -> str:
    """Return the picture.

    Args:
        timeline: What to show.
        title: On the left above it.
        corner: On its right.
    """
    hatch = f"studio-hatch-{zlib.crc32(repr((timeline, title)).encode('utf-8', 'replace')):08x}"
    sheet = _Sheet(timeline.axis, 22 if len(timeline.rows) <= 60 else 18, hatch, timeline.path)
    body, bottom = _body(timeline, sheet)
    legend = _legend(timeline, bottom + 20)
    height = bottom + 54
    grid = [
        f'<g class="tick"><line class="grid" x1="{sheet.x(at)}" x2="{sheet.x(at)}" y1="{_HEAD - 6}" y2="{bottom}"/>'
        f'<text class="soft middle" x="{sheet.x(at)}" y="{_HEAD - 16}">{label}</text></g>'
        for at, label in timeline.axis.ticks(8)
    ]
    told = _safe(_told(timeline, title, corner))
    return "".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="studio-waterfall" role="img" ',
            f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" data-left="{_BARS_LEFT}" data-right="{_BARS_RIGHT}" ',
            f'data-length="{timeline.axis.end_ns - timeline.axis.start_ns}" data-bottom="{bottom}" ',
            f'style="max-width: 100%; height: auto" aria-label="{told}">',
            f"<style>{_STYLE}</style>",
            f'<defs><pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" ',
            'patternTransform="rotate(45)"><rect width="2" height="6" fill="#000" fill-opacity=".45"/></pattern>',
            "</defs>",
            f'<rect class="back" width="{_WIDTH}" height="{height}" rx="6"/>',
            f'<text class="title" x="12" y="18">{_safe(fit(title, 80).rstrip())}</text>',
            f'<text class="soft end" x="{_WIDTH - 12}" y="18">{_safe(corner)}</text>',
            *grid,
            *body,
            f'<g class="legend">{legend}</g>',
            "</svg>",
        ]
    )


def _body(timeline: Timeline, sheet: _Sheet) -> tuple[list[str], int]:
    """Draw rows and marks, and say where they end."""
    parts: list[str] = []
    y = _HEAD
    for row in timeline.rows:
        parts.append(_row(row, sheet, y))
        y += sheet.row_height
        for mark in row.marks:
            if mark.kind != "log":
                parts.append(_mark(mark, sheet, y, owner=row.span.span))
                y += _MARK_HEIGHT
    for mark in timeline.loose:
        parts.append(_mark(mark, sheet, y, owner=0))
        y += _MARK_HEIGHT
    if timeline.hidden or not timeline.rows:
        told = f"… and {timeline.hidden} more spans" if timeline.hidden else "no spans"
        parts.append(f'<text class="soft more" x="12" y="{y + 9}">{told}</text>')
        y += 20
    return parts, y


def _row(row: Row, sheet: _Sheet, top: int) -> str:
    span, middle = row.span, top + sheet.row_height / 2
    indent = 12 + _INDENT * min(row.depth, _DEPTH_MAX)
    room = int((_BARS_LEFT - 14 - indent) / _CHARACTER)
    service = fit(span.service, min(18, max(0, room - 8), len(span.service))).rstrip() if room > 12 else ""
    name = fit(row.title, room - len(service) - 2).rstrip()
    trouble = in_words(span.error) or span.status
    status = "" if span.status == "ok" else f"{STATUS_SIGNS.get(span.status, '?')} {trouble}"
    spent = duration(row.spent_ns)
    told = fit(status, max(1, 22 - len(spent))).rstrip()
    return (
        f'<g {_data(row, sheet)} data-top="{top}" data-height="{sheet.row_height}">'
        f"<title>{_safe(_tip(row))}</title>"
        f'<text x="{indent}" y="{middle}">{_safe(name)}</text>'
        f'<text class="soft end" x="{_BARS_LEFT - 8}" y="{middle}">{_safe(service)}</text>'
        f"{_bar(row, sheet, top)}{''.join(_critical(each, sheet, top) for each in sheet.path.of(span.span))}"
        f'<text x="{_BARS_RIGHT + 10}" y="{middle}">{spent} <tspan class="trouble">{_safe(told)}</tspan></text>'
        f"{''.join(_dots(row, sheet, middle))}</g>"
    )


def _data(row: Row, sheet: _Sheet) -> str:
    """Return what a script, and a test, need to know of a row; times are nanoseconds since the left end."""
    span = row.span
    data = {
        "span": span.span,
        "parent": span.parent,
        "depth": row.depth,
        "message": span.message,
        "cell": span.cell,
        "line": span.line,
        "start": sheet.since(span.start_ns),
        "end": sheet.since(span.end_ns),
        "status": span.status,
    }
    told = " ".join(f'data-{name}="{_safe(str(value))}"' for name, value in data.items())
    return f'class="row" {told}'


def _critical(stretch: Stretch, sheet: _Sheet, top: int) -> str:
    """Draw a line under the bar with a stroke at both ends: the mark of the critical path."""
    left, right = sheet.x(stretch.start_ns), sheet.x(stretch.end_ns)
    y = top + sheet.row_height - 2
    times = f'data-start="{sheet.since(stretch.start_ns)}" data-end="{sheet.since(stretch.end_ns)}"'
    dashed = ' stroke-dasharray="3 3"' if stretch.is_waiting else ""
    return f'<path class="critical" {times}{dashed} d="M{left} {y - 3}V{y}H{max(right, left + 1)}V{y - 3}"/>'


def _bar(row: Row, sheet: _Sheet, top: int) -> str:
    span = row.span
    left = min(sheet.x(span.start_ns), _BARS_RIGHT - 2)
    box = (
        f'x="{left}" y="{top + 4}" width="{max(2.0, round(sheet.x(span.end_ns) - left, 1))}" '
        f'height="{sheet.row_height - 8}" rx="2"'
    )
    bar = f'<rect class="{_role(span.kind)} {_safe(span.status)}" {box}/>'
    hatched = span.status in ("error", "crashed", "timeout")
    return bar + (f'<rect fill="url(#{sheet.hatch})" {box}/>' if hatched else "")


def _dots(row: Row, sheet: _Sheet, middle: float) -> Iterator[str]:
    for mark in row.marks:
        if mark.kind == "log":
            yield (
                f'<circle class="dot" data-at="{sheet.since(mark.at_ns)}" cx="{sheet.x(mark.at_ns)}" cy="{middle}" '
                f'r="3"><title>'
                f"{_safe(f'{mark.text} (at {_at(mark.at_ns)})')}</title></circle>"
            )


def _mark(mark: Mark, sheet: _Sheet, top: int, *, owner: int) -> str:
    """Draw a sign below its instant with its words beside it, on whichever side there is room."""
    x, y = sheet.x(mark.at_ns), top + _MARK_HEIGHT / 2 - 1
    reach = sheet.row_height if owner else 0
    text = fit(mark.words, min(110, max(20, len(mark.words)))).rstrip()
    to_left = x + 20 + len(text) * _CHARACTER > _WIDTH
    weight = "trouble" if mark.kind in ("fault", "crash", "violation") else "strong"
    sign = f'<text class="trouble middle" x="{x}" y="{y}">{SIGNS[mark.kind]}</text>'
    if mark.kind == "fault":  # drawn, since fonts show the sign small, or as a coloured picture
        sign = f'<path class="bolt" transform="translate({x} {y})" d="M2-8-5 1.5h4L-3 8 5-2.5H1z"/>'
    stem = f'<line class="stem" x1="{x}" x2="{x}" y1="{top - reach + 2}" y2="{top + 2}"/>' if reach else ""
    return (
        f'<g class="mark-{mark.kind}" data-at="{sheet.since(mark.at_ns)}" data-owner="{owner}" data-top="{top}" '
        f'data-height="{_MARK_HEIGHT}">'
        f"<title>{_safe(f'{mark.text} (at {_at(mark.at_ns)})')}</title>{stem}"
        f'{sign}<text class="{weight}{" end" if to_left else ""}" x="{x + (-10 if to_left else 10)}" y="{y}">'
        f"{_safe(text)}</text></g>"
    )


def _legend(timeline: Timeline, y: int) -> str:
    parts, x = [], 12.0
    roles = {_role(row.span.kind) for row in timeline.rows}
    for role, words in _ROLES.items():
        if role in roles:
            parts.append(f'<rect class="{role}" x="{x}" y="{y - 5}" width="14" height="10" rx="2"/>')
            parts.append(f'<text class="soft" x="{x + 20}" y="{y}">{words}</text>')
            x += 36 + len(words) * _CHARACTER
    statuses = {row.span.status for row in timeline.rows} - {"ok"}
    kinds = {mark.kind for row in timeline.rows for mark in row.marks} | {mark.kind for mark in timeline.loose}
    signs = [f"{sign} {status}" for status, sign in STATUS_SIGNS.items() if status in statuses]
    signs += [f"{SIGNS[kind]} {_MEANINGS[kind]}" for kind in SIGNS if kind in kinds and kind in _MEANINGS]
    signs += ["○ log line"] if "log" in kinds else []
    if any(timeline.path.of(row.span.span) for row in timeline.rows):
        parts.append(f'<path class="critical" d="M{x} {y - 3}v4h18v-4"/>')
        parts.append(f'<text class="soft" x="{x + 24}" y="{y}">critical path</text>')
    told = _safe(" \u2003 ".join(signs))  # the space is an em wide: SVG draws several plain ones as one
    parts.append(f'<text class="soft" x="12" y="{y + 18 if parts else y}">{told}</text>')
    return "".join(parts)


def _role(kind: str) -> str:
    return _ROLE_OF.get(kind, "work")


def _tip(row: Row) -> str:
    span = row.span
    told = [
        f"{span.name} ({span.kind})",
        f"{span.service}, replica {span.replica}" if span.service else "",
        f"key {row.key}" if row.key else "",
        f"from {_at(span.start_ns)} to {_at(span.end_ns)}, {duration(row.spent_ns)}",
        f"{span.status} {span.error}".strip(),
        f"in {span.cell}, line {span.line}" if span.cell else "",
        *(mark.text for mark in row.marks),
    ]
    return "\n".join(line for line in told if line)


def _told(timeline: Timeline, title: str, corner: str) -> str:
    """Say the picture in a sentence, for those who do not see it."""
    troubled = sum(row.span.status != "ok" for row in timeline.rows)
    faults = [mark.words for row in timeline.rows for mark in row.marks if mark.kind == "fault"]
    whole = duration(timeline.axis.end_ns - timeline.axis.start_ns)
    struck = f"; faults: {', '.join(faults[:5])}" if faults else ""
    return f"{title}, {corner}: {len(timeline.rows)} spans in {whole}, {troubled} went wrong{struck}"


def _at(at_ns: int) -> str:
    return instant(at_ns, is_fine=True)


def _safe(text: str) -> str:
    """Escape a text for XML, which also refuses control characters."""
    return escape(_NOT_XML.sub("�", text))
