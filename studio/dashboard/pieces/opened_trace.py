"""Show one trace: how it went as a waterfall, and beside it what is known of the span that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.components.waterfall_component import WaterfallPane
from studio.dashboard.pieces.export_bar import frame_exports, picture_exports
from studio.dashboard.pieces.facts import marked
from studio.dashboard.pieces.markup import Markup, act, link, missing, png
from studio.dashboard.pieces.record_frame import record_frame
from studio.dashboard.pieces.span_facts import span_facts
from studio.dashboard.pieces.taken_picture import standing_alone, theme_of
from studio.dashboard.view import Export
from studio.errors import NotInRun
from studio.observe.axis import duration, instant
from studio.observe.waterfall import Waterfall
from studio.records import Message, Span
from studio.store.windows.trace_parts import RECORDS_MAX, trace_records

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.records import Record

__all__ = ["OpenedTrace"]

_TAKEN_MAX = 2000  # spans of a picture that is taken away
_SEVERITY = ("crashed", "timeout", "error", "unfinished", "ok")

Beside = Callable[[int], tuple[int, int | None, int | None]]


class OpenedTrace:
    """The lower half of the tab.

    Args:
        desk: Names the trace and the span.
        beside: Returns a trace's place in the list, and those before and after it.
    """

    def __init__(self, desk: Desk, beside: Beside) -> None:
        self._desk, self._beside = desk, beside
        self._neighbours: tuple[int | None, int | None] = (None, None)
        self._records: list[Record] = []
        self._drawn: tuple[Any, ...] = ()
        acts = {"before": lambda _: self._move(0), "after": lambda _: self._move(1), "close": lambda _: self._close()}
        self.head = Markup(desk, acts, keys={"[": "before", "]": "after", "Escape": "close"}, label="Opened trace")
        self.waterfall = WaterfallPane(theme=desk.theme, sizing_mode="stretch_width", margin=0)
        self.side = Markup(desk, {"close": lambda _: desk.go(span=None)}, label="Chosen span")
        self.waterfall.param.watch(lambda event: self._choose(event.new), "selected")
        self.waterfall.param.watch(lambda *_: self._kept(), ["zoomed", "folded"])
        self.waterfall.param.watch(lambda event: self._follow(event.new), "followed")
        room: dict[str, Any] = {"flex": "1 1 300px", "min-width": "0", "width": "auto"}
        self._beside_it = pn.Column(self.side, styles=room, margin=0)
        parts = pn.FlexBox(  # type: ignore[no-untyped-call]  # Panel says nothing of it
            pn.Column(self.waterfall, styles={"flex": "1 1 620px", "min-width": "0", "width": "auto"}, margin=0),
            self._beside_it,
            gap="12px", align_items="flex-start", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.body = pn.Column(self.head, parts, sizing_mode="stretch_width", margin=0)

    def refresh(self) -> None:
        """Show the desk's trace as it is now."""
        trace = self._desk.trace
        if trace is None:
            self._records = []
            return
        view = self._desk.view
        self._records = trace_records(view, trace)
        if not self._records:
            self._say_missing(trace)
            return
        place, *beside = self._beside(trace)
        self._neighbours = (beside[0], beside[1])
        self.head.html = self._head(trace, place)
        self._draw(trace)
        self.head.picture = standing_alone(self.waterfall.svg, theme_of(self._desk)).decode()
        self._show_span()

    def waterfall_of(self, trace: int, spans_max: int) -> Waterfall:
        """Return the picture of the open trace, with so many spans at most."""
        row = self._desk.view.row
        corner = f"{row.info.name} · run {row.run} · seed {row.info.seed}"
        return Waterfall.of(self._records, title=f"Trace {trace}", corner=corner, spans_max=spans_max)

    def exports(self) -> Sequence[Export]:
        """Return the picture, and the same in characters."""
        trace = self._desk.trace
        if trace is None or not self._records:
            return ()
        name, title = f"trace-{trace}", f"Trace {trace}"
        spans = [each for each in self._records if isinstance(each, Span)]
        messages = [each for each in self._records if type(each) is Message]
        return (
            *picture_exports(title, name, self._taken),
            Export(f"{title}, text", "txt", name, lambda: self.waterfall_of(trace, _TAKEN_MAX).text(140).encode()),
            *frame_exports("Its spans", f"{name}-spans", lambda: record_frame(spans, Span), rows_max=RECORDS_MAX),
            *frame_exports(
                "Its messages", f"{name}-messages", lambda: record_frame(messages, Message), rows_max=RECORDS_MAX
            ),
        )

    def _taken(self) -> bytes:
        return standing_alone(self.waterfall_of(self._desk.trace or 0, _TAKEN_MAX).svg(), theme_of(self._desk))

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _say_missing(self, trace: int) -> None:
        self.head.html = missing(NotInRun(what="trace", value=str(trace), run=self._desk.shown_run or 0))
        self.side.html, self.waterfall.svg, self._drawn = "", "", ()

    def _draw(self, trace: int) -> None:
        self.waterfall.theme = self._desk.theme
        drawn = (self._desk.shown_run, trace, len(self._records))
        if drawn != self._drawn:
            self._drawn = drawn
            self.waterfall.selected = 0
            self.waterfall.draw(lambda spans_max: self.waterfall_of(trace, spans_max))
        self.waterfall.selected = self._desk.span or 0
        self.waterfall.param.update(zoomed=self._desk.zoom or 0, folded=self._desk.fold)

    def _head(self, trace: int, place: int) -> str:
        spans = [record for record in self._records if isinstance(record, Span)]
        first = min(spans, key=lambda span: (span.start_ns, span.span), default=None)
        key = next((record.key for record in self._records if isinstance(record, Message) and record.key), "")
        saga = next((span.saga for span in spans if span.saga), "")
        before, after = self._neighbours
        parts = [
            f"<h2>Trace {trace}</h2>",
            f'<span class="code">{escape(first.name)}</span>' if first else "",
            f"key {escape(key)}" if key else "",
            link(self._desk, saga, title="Its saga", tab="sagas", saga=saga) if saga else "",
            _spent(spans),
            _ended(spans),
            "" if place >= 0 else '<span class="soft">not among those listed</span>',
            '<span class="grow"></span>',
            act("before", "← Previous [", refused="" if before is not None else "It is the first one listed."),
            act("after", "Next ] →", refused="" if after is not None else "It is the last one listed."),
            link(self._desk, "Its messages", tab="messages", text=f"trace:{trace}", message=None),
            png(f"trace-{trace}"),
            link(self._desk, "Link", title="A link to what is open here"),
            act("close", "Close"),
        ]
        full = any(sum(isinstance(each, kind) for each in self._records) >= RECORDS_MAX for kind in (Span, Message))
        cut = f'<p class="soft">Only its first {RECORDS_MAX:,} spans and messages are shown.</p>' if full else ""
        return f'<div class="head">{"".join(parts)}</div>{cut}'

    def _show_span(self) -> None:
        span = next((each for each in self._records if isinstance(each, Span) and each.span == self._desk.span), None)
        self._beside_it.visible = span is not None  # until then the waterfall has all the room
        if span is None and self._desk.span is not None:
            self._beside_it.visible = True
            error = NotInRun(what="span", value=str(self._desk.span), run=self._desk.shown_run or 0)
            self.side.html = missing(error)
        elif span is None:
            self.side.html = '<p class="soft">Choose a span to see its message, errors, policies, logs and code.</p>'
        else:
            self.side.html = span_facts(self._desk, span, self._records)

    def _choose(self, span: int) -> None:
        if (span or None) != self._desk.span and self._desk.trace is not None and (span or self._drawn):
            self._desk.go(span=span or None)

    def _kept(self) -> None:
        """Let the desk say what is folded, and to which span the times are zoomed."""
        zoom, fold = self.waterfall.zoomed or None, self.waterfall.folded
        if self._desk.trace is not None and (zoom, fold) != (self._desk.zoom, self._desk.fold):
            self._desk.go(zoom=zoom, fold=fold)

    def _follow(self, followed: str) -> None:
        kind, _, rest = followed.partition(" ")
        if kind == "message" and rest.isdigit():
            self._desk.go("messages", message=int(rest))

    def _move(self, way: int) -> None:
        trace = self._neighbours[way]
        if trace is not None:
            self._desk.go(trace=trace, span=None)

    def _close(self) -> None:
        self._desk.go(trace=None, span=None)


def _spent(spans: Sequence[Span]) -> str:
    if not spans:
        return ""
    begin, end = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    return f'<span class="soft">t = {instant(begin)}</span> <span>{duration(end - begin)}</span>'


def _ended(spans: Sequence[Span]) -> str:
    if not spans:
        return marked("unfinished", "no span has ended yet")
    statuses = {span.status for span in spans}
    return " ".join(
        marked(status) for status in _SEVERITY if status in statuses and (status != "ok" or len(statuses) == 1)
    )
