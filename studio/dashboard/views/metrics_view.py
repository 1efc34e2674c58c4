"""The tab Metrics: curves over virtual time, of what every run has and of what its authors measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.pieces.background import Background
from studio.dashboard.pieces.chart_grid import chart_grid
from studio.dashboard.pieces.chart_picture import picture_of
from studio.dashboard.pieces.curve_chart import CurveChart, Curves
from studio.dashboard.pieces.export_bar import file_word, frame_exports, picture_exports
from studio.dashboard.pieces.faults_in_force import numbered_faults
from studio.dashboard.pieces.parts import HTML, SELECT
from studio.dashboard.pieces.strip_chart import StripChart
from studio.dashboard.pieces.taken_picture import corner_of
from studio.dashboard.pieces.time_board import Band, TimeBoard
from studio.dashboard.view import Export, View
from studio.dashboard.views.author_charts import AuthorCharts
from studio.dashboard.views.run_curves import RUN_CHARTS, Asked, breaker_bands, fault_bands
from studio.observe.axis import duration
from studio.store.windows.buckets import Buckets
from studio.store.windows.metrics_window import Scope

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk

__all__ = ["MetricsView"]

LONG_RECORDS = 100_000
"""From so many on, a page does not wait for all curves."""

_LAST = {"whole run": 0, "last 10 s": 10, "last minute": 60, "last 10 minutes": 600}
_SPLITS = {"by service": "service", "by name": "name", "all together": ""}
_TOGETHER = "none"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run answered."""

    curves: Mapping[str, Curves]
    faults: Sequence[Band]
    breakers: Sequence[Band]


def _answers(asked: Asked) -> Answers:
    with asked.view.burst():
        faults, breakers = fault_bands(asked), breaker_bands(asked)
    return Answers({each.key: each.ask(asked) for each in RUN_CHARTS}, faults, breakers)


class MetricsView(View):
    """Throughput, errors, latency, queues, replicas, policies, breakers, faults; and the authors' own metrics."""

    name = "metrics"
    title = "Metrics"
    needs = (*View.needs, "axis_s", "split")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._theme = ""
        self._asking: Background[Answers] | None = None
        self._last = SELECT(label="Time", options=_LAST, width=130, margin=(0, 8, 0, 4))
        self._split = SELECT(label="Throughput", options=_SPLITS, width=130, margin=(0, 8, 0, 4))
        self._hint = HTML("", margin=(18, 8, 0, 4), sizing_mode="stretch_width")
        self._charts = pn.Column(sizing_mode="stretch_width", margin=(0, 8))
        self._bodies: list[Any] = []
        self._last.param.watch(lambda event: desk.go(axis_s=event.new or None), "value")
        self._split.param.watch(lambda event: desk.go(split=_split_word(event.new)), "value")

    def body(self) -> Any:
        """Return the controls, and the charts below."""
        bar = pn.Row(self._last, self._split, self._hint, sizing_mode="stretch_width", margin=(6, 8, 2, 8))
        return pn.Column(bar, self._charts, sizing_mode="stretch_both", scroll="y-auto", margin=0)

    def refresh(self) -> None:
        """Ask for the curves of the window on screen; of a long run in the background, so that the page goes on."""
        if self._theme != self.desk.theme:
            self._build()
        self._take()
        asked = self._asked()
        if pn.state.curdoc is None or asked.view.row.records < LONG_RECORDS:
            self._show(asked, _answers(asked))
            return
        if self._asking is not None:
            self._asking.stop()
        self._hint.object = "<span class='soft' role='status'>Reading a long run …</span>"
        asking = Background(lambda _: _answers(asked), lambda: self._arrived(asked, asking))
        self._asking = asking

    def _take(self) -> None:
        """Let the controls say what the desk says; a link may say what they do not have."""
        desk = self.desk
        splits = {_split_word(each): each for each in _SPLITS.values()}
        self._last.value = desk.axis_s if desk.axis_s in _LAST.values() else 0
        self._split.value = splits.get(desk.split, "service")

    def _arrived(self, asked: Asked, asking: Background[Answers]) -> None:
        """Show what came, unless something else has been asked meanwhile."""
        if asking is not self._asking:
            return
        if asking.result is not None:
            self._show(asked, asking.result)
        elif asking.error:
            self.desk.tell(asking.error, "error", key="metrics")

    def _show(self, asked: Asked, answers: Answers) -> None:
        self.board.place(asked.buckets.from_ns, asked.buckets.until_ns)
        self.faults.show(answers.faults)
        self.board.shade(answers.faults)
        for key, curves in answers.curves.items():
            self.charts[key].show(curves)
        self.breakers.show(answers.breakers)
        self.authors.show(asked)
        if not len(self._charts):  # all at once, since browsers lay a page out anew for each chart that comes
            self._charts[:] = self._bodies
        self._hint.object = self._hint_text(asked)

    def exports(self) -> Sequence[Export]:
        """Return all charts as one picture, their curves and bars as tables, and each chart alone."""
        if not self._theme:
            return ()
        shown = [chart for chart in self.shown() if not chart.curves.is_empty]
        each = [
            exported
            for chart in shown
            for exported in picture_exports(chart.title, file_word(chart.title), partial(self._picture, (chart,)))
        ]
        strips = (self.faults, self.breakers)
        return (
            *picture_exports("All charts", "metrics", lambda: self._picture(self.shown(), strips)),
            *frame_exports("All curves", "metrics", self.frame),
            *frame_exports("Faults and breakers", "stretches", self.stretches),
            *each,
        )

    def stretches(self) -> pl.DataFrame:
        """Return all bars that are shown: faults in force, replicas down, breakers that left their closed state."""
        import polars as pl

        rows = [
            (strip.title, band.name, band.words, band.from_ns, band.until_ns, band.grave)
            for strip in (self.faults, self.breakers)
            for band in strip.bands
        ]
        kinds = {"chart": pl.String, "name": pl.String, "words": pl.String, "from_ns": pl.Int64, "until_ns": pl.Int64,
                 "is_filled": pl.Boolean}  # fmt: skip
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def shown(self) -> list[CurveChart]:
        """Return the charts with curves, in their order."""
        return [*self.charts.values(), *self.authors.shown()]

    def frame(self) -> pl.DataFrame:
        """Return all curves that are shown: a row for each bucket of each."""
        import polars as pl

        rows = [
            (chart.title, chart.unit, series, start, start / 1e9, value)
            for chart in self.shown()
            for series, values in chart.curves.values.items()
            for start, value in zip(chart.curves.starts, values, strict=True)
        ]
        kinds = {"chart": pl.String, "unit": pl.String, "series": pl.String, "at_ns": pl.Int64, "at_s": pl.Float64,
                 "value": pl.Float64}  # fmt: skip
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def _picture(self, charts: Sequence[CurveChart], strips: Sequence[StripChart] = ()) -> bytes:
        from_ns, until_ns = self.board.stretch
        corner, title = corner_of(self.desk, from_ns, until_ns - 1), "Metrics" if strips else ""
        return picture_of(charts, self.faults.bands, title=title, corner=corner, theme=self.board.theme, strips=strips)

    def _build(self) -> None:
        """Make the charts; once for each theme, since their colours are Bokeh's own."""
        self._theme = self.desk.theme
        self.board = TimeBoard(self.desk.theme, self.choose)
        self.faults = StripChart(
            self.board, "Faults in force", advice="No fault struck, and no replica was down, in this stretch of time.",
            legend="filled: in force, or down; hatched: from its first strike to its last",
        )  # fmt: skip
        self.breakers = StripChart(
            self.board,
            "Breakers",
            advice="No breaker left its closed state.",
            legend="filled: open; hatched: half-open",
        )
        self.charts = {
            each.key: CurveChart(
                self.board, each.title, each.unit, say=each.say, is_stepped=each.is_stepped, advice=each.advice
            )
            for each in RUN_CHARTS
        }
        self.authors = AuthorCharts(self.board)
        bodies = [chart.body for chart in self.charts.values()]
        self._bodies = [self.faults.body, chart_grid(*bodies, self.breakers.body), self.authors.body]
        self._charts[:] = []

    def _asked(self) -> Asked:
        desk = self.desk
        scope = Scope(desk.service, desk.address, desk.source, desk.saga)
        plan = numbered_faults(desk.view, desk.world)
        return Asked(desk.view, Buckets.of(*self._window()), scope, self._split.value, plan)

    def _window(self) -> tuple[int, int]:
        """Return the stretch of time that is shown: what was brushed, else the run, or its end."""
        desk = self.desk
        end_ns = desk.span_ns[1] + 1
        if desk.from_ns is not None or desk.until_ns is not None:
            return desk.from_ns or 0, end_ns if desk.until_ns is None else desk.until_ns
        last_ns = int(self._last.value) * 1_000_000_000
        return (max(0, end_ns - last_ns) if last_ns else 0), end_ns

    def choose(self, from_ns: int | None, until_ns: int | None) -> None:
        """Let all tabs show a stretch of time; None twice takes it back."""
        self.desk.go(from_ns=from_ns, until_ns=until_ns)

    def _hint_text(self, asked: Asked) -> str:
        chosen = self.desk.from_ns is not None or self.desk.until_ns is not None
        advice = "Double click for the whole run." if chosen else "Drag over a chart to choose a stretch of time."
        return f"<span class='soft'>Virtual time, a point for every {duration(asked.buckets.width_ns)}. {advice}</span>"


def _split_word(value: str) -> str:
    """Return a choice as the link says it: nothing for the usual one, a word for none."""
    return "" if value == "service" else value or _TOGETHER
