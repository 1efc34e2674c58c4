"""Draw stretches of time as bars in named rows: faults in force, replicas down, breakers open."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, HoverTool

from studio.dashboard.pieces.chart_look import named
from studio.dashboard.pieces.parts import BOKEH, HTML
from studio.dashboard.pieces.time_board import Band, TimeBoard
from studio.observe.axis import instant
from studio.observe.palette import colour

__all__ = ["StripChart"]

ROWS_MAX = 12
_ROW_PX, _LETTER_PX = 18, 6.4
_NAME_MAX = 34


class StripChart:
    """Bars over virtual time; the heavier sort is filled, the lighter one hatched.

    Args:
        board: Whose time it shares.
        title: What it shows.
        advice: What to say when there are none.
        legend: What filled and hatched bars mean; empty where there is one sort only.
    """

    def __init__(self, board: TimeBoard, title: str, *, advice: str, legend: str = "") -> None:
        self.board, self.title, self.bands = board, title, tuple[Band, ...]()
        self._advice, self.legend = advice, legend
        self._source = ColumnDataSource({"name": [], "x0": [], "x1": [], "words": [], "alpha": [], "hatch": []})
        self._rows = FactorRange(factors=[])
        self._head = HTML("", margin=(0, 4, 0, 4), sizing_mode="stretch_width", stylesheets=[_CSS])
        self._figure = self._draw()
        pane = BOKEH(self._figure, sizing_mode="stretch_width", margin=0)
        self._place = pn.Column(pane, sizing_mode="stretch_width", margin=0)
        self.body = pn.Column(
            self._head, self._place, sizing_mode="stretch_width", margin=0, css_classes=["studio-chart"]
        )

    def show(self, bands: Sequence[Band]) -> None:
        """Show other bars; rows stand in the order of their first bars."""
        self.bands = tuple(bands)
        names = list(dict.fromkeys(band.name for band in bands))[:ROWS_MAX]
        shown = [band for band in bands if band.name in names]
        self._rows.factors = [_short(name) for name in reversed(names)]
        self._source.data = {
            "name": [_short(band.name) for band in shown],
            "x0": [band.from_ns for band in shown],
            "x1": [band.until_ns for band in shown],
            "words": [_said(band) for band in shown],
            "alpha": [0.75 if band.grave else 0.2 for band in shown],
            "hatch": [" " if band.grave else "/" for band in shown],
        }
        longest = max(map(len, self._rows.factors), default=0)
        self._figure.min_border_left = max(60, round(18 + _LETTER_PX * longest))  # Bokeh measures another font
        self._figure.height = 30 + _ROW_PX * max(1, len(self._rows.factors))
        self._place.visible = bool(bands)
        self._head.object = self.words()

    def words(self) -> str:
        """Return the title, and all bars for those who do not see them."""
        names = list(dict.fromkeys(band.name for band in self.bands))
        head = f"<h3>{escape(self.title)}</h3>"
        if not names:
            return f"{head} <span class='soft'>{escape(self._advice)}</span>"
        more = f"; {len(names) - ROWS_MAX} more rows are not drawn" if len(names) > ROWS_MAX else ""
        told = f" <span class='soft'>{escape(self.legend + more)}</span>" if self.legend or more else ""
        return f'{head}{told}<span role="img" aria-label="{escape(self.alternative())}"></span>'

    def alternative(self) -> str:
        """Return what the chart shows, in words."""
        told = [f"{band.name}, {_said(band)}" for band in self.bands[:40]]
        return f"{self.title}: {'; '.join(told) or 'none'}"

    def _draw(self) -> Any:
        told = named(f"{self.title}: bars, told in the list above")
        made = self.board.figure(height=60, is_shaded=False, y_range=self._rows, html_attributes=told)
        heavy = colour("error", self.board.theme)
        bars = made.hbar(
            y="name", left="x0", right="x1", height=0.62, source=self._source, fill_color=heavy, fill_alpha="alpha",
            line_color=heavy, line_width=1, hatch_pattern="hatch", hatch_color=heavy, hatch_alpha=0.6, hatch_scale=6,
        )  # fmt: skip
        made.ygrid.grid_line_color = None
        made.add_tools(HoverTool(renderers=[bars], tooltips="@name: @words"))
        return made


def _short(name: str) -> str:
    return name if len(name) <= _NAME_MAX else name[: _NAME_MAX - 1] + "…"


def _said(band: Band) -> str:
    times = f"{instant(band.from_ns)} to {instant(band.until_ns)}"
    return f"{band.words}, {times}" if band.words else times


_CSS = "h3 { display: inline; font-size: 12px; margin-right: 6px; } .soft { color: var(--s-soft); font-size: 12px; }"
