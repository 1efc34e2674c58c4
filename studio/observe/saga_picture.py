"""Draw a saga instance: its states as a band, each step with its attempts and undoing, crashes and faults across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from studio.errors import in_words
from studio.observe.axis import Axis, duration, instant
from studio.observe.palette import surface

__all__ = ["SagaMark", "SagaPicture", "SagaState", "SagaWork"]

_WIDTH, _LEFT, _RIGHT, _HEAD, _ROW = 1000, 190, 812, 62, 26
_LETTER = 6.6

_SIGNS = {"done": "✓", "failed": "✗", "unknown": "?", "compensated": "↺", "compensation-failed": "✖"}
_MEANINGS = (
    "✓ done \u2003 ✗ failed \u2003 ? unknown \u2003 ↺ compensated \u2003 ✖ crash, failed compensation \u2003 ⚡ fault"
)
_STYLE = (
    surface("studio-saga")
    + """
.studio-saga .title { font-size: 14px; font-weight: 600; }
.studio-saga .soft { fill: var(--s-soft); }
.studio-saga .end { text-anchor: end; } .studio-saga .middle { text-anchor: middle; }
.studio-saga .grid { stroke: var(--s-line); } .studio-saga .lane { stroke: var(--s-line); stroke-opacity: .5; }
.studio-saga .state text { fill: #fff; font-size: 11px; font-weight: 600; }
.studio-saga .running { fill: #2f6fb0; } .studio-saga .completed { fill: #2b7a4b; }
.studio-saga .compensating { fill: #a86510; } .studio-saga .compensated { fill: #6a5a9c; }
.studio-saga .stuck { fill: #b3261e; } .studio-saga .abandoned { fill: #5f6a75; }
.studio-saga .step { fill: #8a70d0; } .studio-saga .compensation { fill: #c98212; }
.studio-saga .pending { fill-opacity: .25; stroke: var(--s-soft); stroke-dasharray: 2 2; }
.studio-saga .trouble { stroke: var(--s-error); stroke-width: 1.5; }
.studio-saga .bad { fill: var(--s-error); font-weight: 600; }
.studio-saga .cut { stroke: var(--s-error); stroke-dasharray: 4 3; }
.studio-saga .sign { font-weight: 600; text-anchor: middle; }
"""
)


@dataclass(frozen=True, slots=True)
class SagaState:
    """A stretch in one state under one orchestrator.

    Attributes:
        start_ns: When it was entered.
        state: Such as `running`.
        epoch: Of the orchestrator.
        reason: An error's code, or `cancelled`.
    """

    start_ns: int
    state: str
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class SagaWork:
    """One attempt at a step or at its undoing.

    Attributes:
        step: Name.
        kind: Which of both.
        start_ns: When it began.
        end_ns: When it ended; None while it goes on.
        status: Of its span: `ok` and so on.
        error: Code.
        attempt: From 1, of its kind.
    """

    step: str
    kind: Literal["step", "compensation"]
    start_ns: int
    end_ns: int | None
    status: str
    error: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SagaMark:
    """Something at one instant: a mark in the journal of a step, or across all steps where it names none.

    Attributes:
        at_ns: When.
        step: Name; empty for a crash or a fault.
        sign: Phase of the journal, or the sign itself.
        words: That tell it.
    """

    at_ns: int
    step: str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class SagaPicture:
    """A saga instance, ready to be drawn.

    Attributes:
        title: The instance.
        corner: Run and seed.
        states: In order.
        steps: Names in the order of their intents.
        work: Attempts in order.
        marks: In order.
        end_ns: Where the picture ends; states that come later are only named.
    """

    title: str
    corner: str
    states: Sequence[SagaState]
    steps: Sequence[str]
    work: Sequence[SagaWork]
    marks: Sequence[SagaMark]
    end_ns: int

    @property
    def axis(self) -> Axis:
        """From the first state to the end, with a little room."""
        start = self.states[0].start_ns
        last = max(self.end_ns, start + 1_000, *(work.end_ns or 0 for work in self.work), 0)
        return Axis(start, last + max(1, (last - start) // 50))

    def svg(self) -> str:
        """Return the picture as one self-contained SVG, for light and dark surroundings."""
        axis = self.axis
        bottom = _HEAD + 30 + _ROW * max(1, len(self.steps))
        height = bottom + 34
        drawn = (*_grid(axis, bottom), *self._band(axis), *self._rows(axis), *self._across(axis, bottom))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="studio-saga" role="img" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" style="max-width: 100%; height: auto" aria-label="{escape(self._told())}">'
            f"<style>{_STYLE}</style>"
            f'<rect class="back" width="{_WIDTH}" height="{height}" rx="6"/>'
            f'<text class="title" x="12" y="18">{escape(self.title)}</text>'
            f'<text class="soft end" x="{_WIDTH - 12}" y="18">{escape(self.corner)}</text>'
            f"{''.join(drawn)}{_legend(bottom)}</svg>"
        )

    def _band(self, axis: Axis) -> list[str]:
        found = []
        ends = [*(state.start_ns for state in self.states[1:]), axis.end_ns]
        for state, end_ns in zip(self.states, ends, strict=True):
            left, right = _x(axis, state.start_ns), _x(axis, end_ns)
            told = f"{state.state}, epoch {state.epoch}" + (f": {_words(state.reason)}" if state.reason else "")
            fits = right - left > len(state.state) * _LETTER + 8
            name = f'<text class="middle" x="{(left + right) / 2:.1f}" y="{_HEAD + 8}">{state.state}</text>'
            found.append(
                f'<g class="state"><title>{escape(told)} (at {_at(state.start_ns)})</title><rect '
                f'class="{escape(state.state)}" x="{left}" y="{_HEAD}" width="{max(2.0, right - left):.1f}" '
                f'height="17" rx="2"/>{name if fits else ""}</g>'
            )
        last = self.states[-1]
        is_later = last.start_ns > axis.end_ns
        told = f"{last.state} at {instant(last.start_ns)}" if is_later else f"epoch {last.epoch}"
        found.append(f'<text class="soft" x="{_RIGHT + 8}" y="{_HEAD + 8}">{escape(told)}</text>')
        found.append(f'<text class="soft end" x="{_LEFT - 10}" y="{_HEAD + 8}">state</text>')
        return found

    def _rows(self, axis: Axis) -> list[str]:
        found = []
        for at, step in enumerate(self.steps):
            top = _HEAD + 30 + at * _ROW
            middle = top + _ROW / 2
            found.append(f'<line class="lane" x1="{_LEFT}" x2="{_RIGHT}" y1="{top + _ROW}" y2="{top + _ROW}"/>')
            found.append(f'<text class="end" x="{_LEFT - 10}" y="{middle}">{escape(_short(step, 27))}</text>')
            mine = [work for work in self.work if work.step == step]
            found += [_bar(axis, work, top) for work in mine]
            marks = [mark for mark in self.marks if mark.step == step and mark.sign in _SIGNS]
            found += [_sign(axis, mark, middle) for mark in marks]
            found.append(_outcome(marks, mine, middle))
        return found

    def _across(self, axis: Axis, bottom: int) -> list[str]:
        found = []
        for mark in self.marks:
            if not mark.step:
                x = _x(axis, mark.at_ns)
                found.append(
                    f"<g><title>{escape(mark.words)} (at {_at(mark.at_ns)})</title>"
                    f'<line class="cut" x1="{x}" x2="{x}" y1="{_HEAD + 18}" y2="{bottom}"/>'
                    f'<text class="bad sign" x="{x}" y="{_HEAD + 24}">{escape(mark.sign)}</text></g>'
                )
        return found

    def _told(self) -> str:
        """Say the picture in a sentence, for those who do not see it."""
        states = ", then ".join(f"{state.state} at {_at(state.start_ns)}" for state in self.states)
        return f"{self.title}: {states}; steps: {', '.join(self.steps) or 'none'}"


def _at(at_ns: int) -> str:
    return instant(at_ns, is_fine=True)


def _x(axis: Axis, at_ns: int) -> float:
    return round(_LEFT + axis.share(at_ns) * (_RIGHT - _LEFT), 1)


def _grid(axis: Axis, bottom: int) -> list[str]:
    return [
        f'<line class="grid" x1="{_x(axis, at)}" x2="{_x(axis, at)}" y1="{_HEAD - 8}" y2="{bottom}"/>'
        f'<text class="soft middle" x="{_x(axis, at)}" y="{_HEAD - 18}">{label}</text>'
        for at, label in axis.ticks(8)
    ]


def _bar(axis: Axis, work: SagaWork, top: int) -> str:
    left = _x(axis, work.start_ns)
    right = _x(axis, axis.end_ns if work.end_ns is None else work.end_ns)
    trouble = " pending" if work.end_ns is None else "" if work.status == "ok" else " trouble"
    spent = "goes on" if work.end_ns is None else f"{duration(work.end_ns - work.start_ns)}, {work.status}"
    what = "undoing" if work.kind == "compensation" else "attempt"
    error = f": {_words(work.error)}" if work.error else ""
    return (
        f"<g><title>{escape(work.step)}, {what} {work.attempt}, from {_at(work.start_ns)}, {spent}"
        f'{escape(error)}</title><rect class="{work.kind}{trouble}" x="{left}" y="{top + 7}" '
        f'width="{max(2.5, right - left):.1f}" height="{_ROW - 14}" rx="2"/></g>'
    )


def _sign(axis: Axis, mark: SagaMark, middle: float) -> str:
    bad = " bad" if mark.sign in ("failed", "unknown", "compensation-failed") else ""
    return (
        f"<g><title>{escape(mark.words)} (at {_at(mark.at_ns)})</title><text "
        f'class="sign{bad}" x="{_x(axis, mark.at_ns) + 7}" y="{middle}">{_SIGNS[mark.sign]}</text></g>'
    )


def _outcome(marks: Sequence[SagaMark], work: Sequence[SagaWork], middle: float) -> str:
    """Say at the right end what came of a step in the end, and how many attempts it took."""
    last = marks[-1].sign if marks else "intent"
    tries = sum(each.kind == "step" for each in work)
    again = f", {tries}×" if tries > 1 else ""
    bad = " bad" if last in ("failed", "unknown", "compensation-failed") else ""
    return f'<text class="soft{bad}" x="{_RIGHT + 8}" y="{middle}">{escape(last)}{again}</text>'


def _legend(bottom: int) -> str:
    y, found = bottom + 17, []
    for x, kind, words in ((12, "step", "attempt"), (92, "compensation", "compensation")):
        found.append(f'<rect class="{kind}" x="{x}" y="{y - 5}" width="14" height="10" rx="2"/>')
        found.append(f'<text class="soft" x="{x + 20}" y="{y}">{words}</text>')
    found.append(f'<text class="soft" x="{_LEFT + 30}" y="{y}">{_MEANINGS}</text>')
    return "".join(found)


def _words(error: str) -> str:
    return in_words(error) or error


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
