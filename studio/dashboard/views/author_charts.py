"""The authors' own metrics in the tab Metrics: a chart for each, with its labels to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn

from studio.dashboard.pieces.blank import blank
from studio.dashboard.pieces.chart_grid import chart_grid
from studio.dashboard.pieces.curve_chart import CurveChart
from studio.dashboard.pieces.parts import HTML, LABEL_UNSEEN, MULTI_SELECT, SELECT
from studio.dashboard.pieces.time_board import TimeBoard
from studio.dashboard.views.run_curves import Asked, author_curves
from studio.store.windows.measured_window import AuthorMetric, author_metrics

__all__ = ["AuthorCharts"]

SHOWN_MAX = 6
_UNITS = {"counter": "per second", "gauge": "gauge", "histogram": "quantiles", "summary": "quantiles"}


class AuthorChart:
    """One metric: which labels tell its curves apart, which of their values are shown, and the curves.

    Args:
        board: Whose time it shares.
        metric: What was measured so far.
    """

    def __init__(self, board: TimeBoard, metric: AuthorMetric) -> None:
        self.metric = metric
        self._asked: Asked | None = None
        self.chart = CurveChart(board, metric.title, _UNITS[metric.kind], is_stepped=metric.kind == "gauge")
        self._by = self._chooser("Curves", self._choices(), 150)
        self._only = self._chooser("Labels", self._values(), 180)
        for widget in (self._by, self._only):
            widget.param.watch(lambda _: self._again(), "value")
        controls = pn.Row(self._by, self._only, margin=0, visible=bool(metric.label_names))
        self.body = pn.Column(self.chart.body, controls, sizing_mode="stretch_width", margin=0)

    def show(self, asked: Asked, metric: AuthorMetric) -> None:
        """Show the metric as it is now."""
        self._asked, self.metric = asked, metric
        if self._only.options != self._values():
            self._only.options = self._values()
        name, _, value = self._only.value.partition("=")
        wanted = {name: [value]} if name else {}
        self.chart.show(author_curves(asked, metric, wanted, self._by.value))

    def _chooser(self, name: str, options: Mapping[str, Any], width: int) -> Any:
        label = f"{name} of {self.metric.title}"
        return SELECT(label=label, options=options, width=width, margin=(0, 4), stylesheets=[LABEL_UNSEEN])

    def _again(self) -> None:
        if self._asked is not None:
            self.show(self._asked, self.metric)

    def _choices(self) -> dict[str, tuple[str, ...]]:
        names = self.metric.label_names
        each = {f"by {name}": (name,) for name in names}
        every = {f"by {', '.join(names)}": names} if len(names) > 1 else {}
        return {**every, **each, "added up": ()}

    def _values(self) -> dict[str, str]:
        each = [f"{name}={value}" for name in self.metric.label_names for value in self.metric.values_of(name)]
        return {"all labels": "", **{f"only {said}": said for said in each}}


class AuthorCharts:
    """All metrics of the authors; of many, those that are chosen.

    Args:
        board: Whose time they share.
    """

    def __init__(self, board: TimeBoard) -> None:
        self._board = board
        self._made: dict[str, AuthorChart] = {}
        self._asked: Asked | None = None
        title = f"Metrics; none chosen shows the first {SHOWN_MAX}"
        self._which = MULTI_SELECT(label=title, options=[], size=5, width=420)
        self._which.param.watch(lambda _: self._again(), "value")
        self._grid = chart_grid()
        self._nothing = blank(_NOTHING, _ADVICE, code=_CODE)
        self._head = HTML("<h2>The authors' own metrics</h2>", margin=(14, 4, 4, 4))
        self.body = pn.Column(self._head, self._which, self._grid, self._nothing, sizing_mode="stretch_width", margin=0)

    def show(self, asked: Asked) -> None:
        """Show them as they are now."""
        self._asked = asked
        with asked.view.burst():
            found = {metric.title: metric for metric in author_metrics(asked.view)}
            self._which.options = list(found)
            self._which.visible = len(found) > SHOWN_MAX
            self._nothing.visible = not found
            chosen = [name for name in self._which.value if name in found] or list(found)[:SHOWN_MAX]
            for name in chosen:
                if name not in self._made or self._made[name].metric.label_names != found[name].label_names:
                    self._made[name] = AuthorChart(self._board, found[name])
                self._made[name].show(asked, found[name])
        bodies: list[Any] = [self._made[name].body for name in chosen]
        if list(self._grid) != bodies:
            self._grid[:] = bodies

    def _again(self) -> None:
        if self._asked is not None:
            self.show(self._asked)

    def shown(self) -> list[CurveChart]:
        """Return the charts on screen."""
        shown = list(self._grid)
        return [each.chart for each in self._made.values() if each.body in shown]


_NOTHING = "No metrics of the authors"
_ADVICE = "A service declares them, and its handlers count, set or observe; they appear here when the run has some."
_CODE = 'requests = service.counter("requests_total", labels=["status"])\n…\nrequests.inc(status="ok")'
