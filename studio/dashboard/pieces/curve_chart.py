"""Draw curves over virtual time, each told by colour, dash and name, with what they come to in words below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

import panel as pn
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, HoverTool

from studio.dashboard.pieces.chart_look import named, series_colour, tell_time
from studio.dashboard.pieces.parts import BOKEH, HTML
from studio.dashboard.pieces.time_board import TimeBoard
from studio.observe.axis import duration, instant

__all__ = ["DASHES", "CurveChart", "Curves", "as_count", "as_duration", "legend"]

_LEAST_NS = 100_000  # least height of a chart of durations, so that nothing but zeros needs no nanoseconds

DASHES: Final = ((), (6, 3), (2, 2), (8, 3, 2, 3), (12, 3), (2, 4))
"""Of the first curve, the second, and so on: solid, dashed, dotted …"""

_NUMBER_JS = """
const size = Math.abs(tick);
for (const [scale, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
  if (size >= scale) return Number((tick / scale).toPrecision(3)) + unit;
return String(Number(tick.toPrecision(3)));
"""


def as_count(value: float) -> str:
    """Say a number in three digits: `0.25`, `12.5`, `1,240`."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def as_duration(value: float) -> str:
    """Say nanoseconds."""
    return duration(int(value))


@dataclass(frozen=True, slots=True)
class Curves:
    """What a chart shows.

    Attributes:
        starts: Begins of the buckets, in nanoseconds.
        values: A value for each bucket, by series; None leaves a gap.
    """

    starts: Sequence[int] = ()
    values: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is no value at all."""
        return not any(value is not None for values in self.values.values() for value in values)

    def of(self, series: str) -> list[float]:
        """Return the values of a series that are there."""
        return [value for value in self.values[series] if value is not None]


class CurveChart:
    """A chart with a title, a legend that says the latest, least and greatest value of each curve, and the curves.

    Args:
        board: Whose time it shares.
        title: What it shows.
        unit: Of the values; empty where the values say it.
        say: Makes text of a value; `as_duration` where values are nanoseconds.
        is_stepped: Whether a value holds until the next one.
        advice: What to say when there is nothing to show.
        height: Of the curves, in pixels.
    """

    def __init__(
        self,
        board: TimeBoard,
        title: str,
        unit: str = "",
        *,
        say: Callable[[float], str] = as_count,
        is_stepped: bool = False,
        advice: str = "Nothing of the kind in this stretch of time.",
        height: int = 150,
    ) -> None:
        self.board, self.title, self.unit, self.curves = board, title, unit, Curves()
        self.say, self.is_stepped, self._advice, self._height = say, is_stepped, advice, height
        self._series: tuple[str, ...] = ()
        self._source = ColumnDataSource({"at": []})
        self._head = HTML("", margin=(0, 4, 0, 4), sizing_mode="stretch_width", stylesheets=[_CSS])
        self._foot = HTML("", margin=(0, 4, 0, 4), sizing_mode="stretch_width", stylesheets=[_CSS])
        self._figure: Any = None  # until there are curves: a figure takes its time, here and in the browser
        self._place = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self.body = pn.Column(  # the legend, which may take several lines, below: charts of a row stay in line
            self._head, self._place, self._foot, sizing_mode="stretch_width", margin=0, css_classes=["studio-chart"]
        )

    def show(self, curves: Curves) -> None:
        """Show other curves; where their names stay, only numbers are sent."""
        self.curves = curves
        self._head.object, self._foot.object = self._heading(), self._legend()
        self._place.visible = not curves.is_empty
        if curves.is_empty:
            return
        if self._figure is None or tuple(curves.values) != self._series:
            self._series = tuple(curves.values)
            self._source = ColumnDataSource(self._columns())
            self._figure = self._draw()
            self._place[:] = [self._framed()]
        else:
            self._source.data = self._columns()
            self._figure.y_range.start = self._floor()
            if self.say is not as_duration:
                self._figure.yaxis.ticker.min_interval = 1 if self._is_whole() else 0

    def words(self) -> str:
        """Return title and legend as HTML, which also is the chart's text alternative."""
        return self._heading() + self._legend()

    def _heading(self) -> str:
        unit = f" <span class='soft'>{escape(self.unit)}</span>" if self.unit else ""
        return f"<h3>{escape(self.title)}{unit}</h3>"

    def _legend(self) -> str:
        if self.curves.is_empty:
            return f"<p class='nothing'>{escape(self._advice)}</p>"
        told = [legend(at, name, self.span_words(name)) for at, name in enumerate(self.curves.values)]
        return f'<ul aria-label="{escape(self.alternative())}">{"".join(told)}</ul>'

    def alternative(self) -> str:
        """Return what the chart shows, in a sentence for each curve."""
        told = [f"{name} {self.span_words(name)}" for name in self.curves.values]
        return f"{self.title}{f', {self.unit}' if self.unit else ''}: {'; '.join(told) or 'nothing'}"

    def span_words(self, name: str) -> str:
        """Return the latest, least and greatest value of a curve."""
        values = self.curves.of(name)
        if not values:
            return "nothing"
        return f"latest {self.say(values[-1])}, {self.say(min(values))} to {self.say(max(values))}"

    def _is_whole(self) -> bool:
        """Tell whether the values are levels that come in whole numbers: half a replica needs no tick."""
        values = (value for name in self.curves.values for value in self.curves.of(name))
        return self.is_stepped and all(value == int(value) for value in values)

    def _floor(self) -> float:
        """Return where the y axis begins: at 0, or wherever the curves do if they go below."""
        has_less = any(value < 0 for name in self.curves.values for value in self.curves.of(name))
        return float("nan") if has_less else 0.0

    def _columns(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"at": list(self.curves.starts), "floor": [0] * len(self.curves.starts)}
        found["time"] = [instant(int(at)) for at in self.curves.starts]
        for at, values in enumerate(self.curves.values.values()):
            found[f"y{at}"] = [float("nan") if value is None else value for value in values]
            found[f"t{at}"] = ["nothing" if value is None else self.say(value) for value in values]
        return found

    def _framed(self) -> Any:
        return BOKEH(self._figure, sizing_mode="stretch_width", height=self._height, margin=0)

    def _draw(self) -> Any:
        told = named(f"{self.title}: curves, told in the list below")
        made = self.board.figure(height=self._height, html_attributes=told)
        is_time = self.say is as_duration
        made.y_range.update(start=self._floor(), min_interval=_LEAST_NS if is_time else 1e-9)
        if is_time:
            tell_time(made.yaxis[0], ticks=4)
        else:
            made.yaxis.formatter = CustomJSTickFormatter(code=_NUMBER_JS)
            made.yaxis.ticker.update(desired_num_ticks=4, min_interval=1 if self._is_whole() else 0)
        draw = made.step if self.is_stepped else made.line
        for at in range(len(self._series)):
            style = {"color": series_colour(at), "line_width": 1.5, "line_dash": list(DASHES[at % len(DASHES)])}
            draw("at", f"y{at}", source=self._source, **style, **({"mode": "after"} if self.is_stepped else {}))
            if not self.is_stepped:  # a value between two gaps makes no line
                made.scatter("at", f"y{at}", source=self._source, color=series_colour(at), size=2.5)
        if self._series:
            self._add_hover(made)
        return made

    def _add_hover(self, made: Any) -> None:
        """Say all values at the crosshair; an unseen line is what the pointer finds everywhere."""
        unseen = made.line("at", "floor", source=self._source, line_alpha=0)
        rows = [("", "@time"), *((name, f"@t{at}") for at, name in enumerate(self._series))]
        made.add_tools(HoverTool(renderers=[unseen], mode="vline", tooltips=rows, line_policy="nearest"))


def legend(at: int, name: str, words: str) -> str:
    """Return a line of a legend: the curve's colour and dash, its name, and what it comes to."""
    dash = ",".join(map(str, DASHES[at % len(DASHES)]))
    line = (
        f'<line x1="0" y1="5" x2="22" y2="5" stroke="{series_colour(at)}" stroke-width="2" stroke-dasharray="{dash}"/>'
    )
    sample = f'<svg width="22" height="10" aria-hidden="true">{line}</svg>'
    return f"<li>{sample} <b>{escape(name)}</b> <span class='soft'>{escape(words)}</span></li>"


_CSS = """
h3 { font-size: 12px; margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
h3 .soft { font-weight: 400; }
ul { list-style: none; margin: 0; padding: 0; font-size: 11px; line-height: 16px; }
li { display: inline-block; margin-right: 10px; max-width: 100%; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; vertical-align: top; } b { font-weight: 500; }
.soft { color: var(--s-soft); } p.nothing { margin: 6px 0 10px; color: var(--s-soft); font-size: 12px; }
"""
