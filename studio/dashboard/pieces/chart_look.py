"""Give charts our look: one palette, thin lines, no background, one font, light or dark."""

from __future__ import annotations

from typing import Any

import panel as pn
from bokeh.models import (
    AdaptiveTicker,
    BasicTickFormatter,
    BoxSelectTool,
    CompositeTicker,
    CrosshairTool,
    CustomJSTickFormatter,
    HoverTool,
    NoOverlap,
    ResetTool,
    WheelPanTool,
)
from bokeh.plotting import figure as bokeh_figure

from studio.observe.palette import CATEGORICAL, FONT, Theme, colour

__all__ = ["chart", "dress", "figure", "named", "series_colour", "tell_time"]

# Virtual time with all its digits, since neighbours may differ in the last one only: `1.25 s`, `1 min 30 s`.
_TIME_JS = """
if (tick === 0) return "0 s";
const sign = tick < 0 ? "−" : "", exact = (value) => Number(value.toPrecision(12));
const ns = exact(Math.abs(tick));
const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
if (ns < 6e10) {
  const [scale, unit] = units.find(([scale]) => ns >= scale) ?? [1, "ns"];
  return sign + exact(ns / scale) + " " + unit;
}
const d = Math.floor(ns / 8.64e13), h = Math.floor((ns % 8.64e13) / 3.6e12);
const min = Math.floor((ns % 3.6e12) / 6e10), s = exact((ns % 6e10) / 1e9);
const parts = [[d, "d"], [h, "h"], [min, "min"], [s, "s"]].filter(([value]) => value);
return sign + parts.map((each) => each.join(" ")).join(" ");
"""
_SECOND, _MINUTE, _HOUR = 1e9, 60e9, 3_600e9


def tell_time(axis: Any, *, ticks: int) -> None:
    """Let an axis of nanoseconds say round instants: seconds and minutes by 1, 2, 5, 10, 15, 30, hours likewise.

    Args:
        axis: Of a chart.
        ticks: About how many there is room for.
    """
    parts = (
        AdaptiveTicker(mantissas=[1, 2, 5], base=10, max_interval=0.5 * _SECOND),
        AdaptiveTicker(mantissas=[1, 2, 5, 10, 15, 30], base=60, min_interval=_SECOND, max_interval=30 * _MINUTE),
        AdaptiveTicker(mantissas=[1, 2, 4, 6, 12], base=24, min_interval=_HOUR),
    )
    for part in parts:
        part.update(num_minor_ticks=0, desired_num_ticks=ticks)
    axis.ticker = CompositeTicker(tickers=list(parts), desired_num_ticks=ticks, num_minor_ticks=0)
    axis.formatter = CustomJSTickFormatter(code=_TIME_JS)
    axis.major_label_policy = NoOverlap(min_distance=6)


def series_colour(index: int) -> str:
    """Return the colour of a series; they repeat after ten, so name series too."""
    return CATEGORICAL[index % len(CATEGORICAL)]


def named(label: str) -> dict[str, str]:
    """Return the attributes that give a chart's element a name for screen readers.

    Args:
        label: What it shows, and where its values are told.
    """
    return {"role": "figure", "aria-label": label}


def figure(
    *, theme: Theme, title: str = "", unit: str = "", height: int = 180, of_time: bool = True, **options: Any
) -> Any:
    """Return an empty chart with our look.

    Args:
        theme: `desk.theme`; make the chart anew, or `dress` it, when that changes.
        title: What it shows; stands above, at the left.
        unit: Of the y axis, after the title.
        height: In pixels; the width is what there is.
        of_time: Whether x is virtual time in nanoseconds.
        options: Bokeh's own.
    """
    options.setdefault("tools", [])
    made = bokeh_figure(
        height=height, sizing_mode="stretch_width", title=f"{title}, {unit}" if unit else title, toolbar_location=None,
        **options,
    )  # fmt: skip
    if of_time:
        tell_time(made.xaxis[0], ticks=6)
        made.add_tools(BoxSelectTool(dimensions="width"), WheelPanTool(dimension="width"), ResetTool())
        made.add_tools(CrosshairTool(dimensions="height", line_alpha=0.4, line_width=1))
    return dress(made, theme)


def dress(made: Any, theme: Theme) -> Any:
    """Give a chart the colours of a theme, a chart that is shown too."""
    soft, line, text = colour("soft", theme), colour("line", theme), colour("text", theme)
    made.background_fill_alpha = made.border_fill_alpha = 0
    made.outline_line_color = None
    made.min_border_left, made.min_border_right, made.min_border_top = 44, 12, 4
    made.title.update(text_color=text, text_font=FONT, text_font_size="12px", text_font_style="bold")
    for axis in made.axis:
        axis.update(
            axis_line_color=line, major_tick_line_color=line, minor_tick_line_color=None, major_label_text_color=soft,
            major_label_text_font=FONT, major_label_text_font_size="11px", axis_label_text_color=soft,
            axis_label_text_font=FONT, axis_label_text_font_size="11px", axis_label_text_font_style="normal",
        )  # fmt: skip
    for grid in made.grid:
        grid.update(grid_line_color=line, grid_line_alpha=0.5)
    for grid in made.xgrid:
        grid.grid_line_color = None
    for axis in made.yaxis:
        if isinstance(axis.formatter, BasicTickFormatter):
            axis.formatter.use_scientific = False
    for legend in made.legend:
        legend.update(
            background_fill_alpha=0, border_line_color=None, label_text_color=text, label_text_font=FONT,
            label_text_font_size="11px", spacing=0, padding=2, glyph_height=10, glyph_width=14,
        )  # fmt: skip
    for tool in made.tools:
        if isinstance(tool, HoverTool | CrosshairTool):
            tool.update(**({"line_color": soft} if isinstance(tool, CrosshairTool) else {}))
    return made


def chart(made: Any, *, label: str, **params: Any) -> pn.pane.Bokeh:
    """Put a chart into the page.

    Args:
        made: What `figure` returned.
        label: What it shows, for screen readers; the figures themselves belong into a table or the text beside it.
        params: Panel's own.
    """
    params.setdefault("sizing_mode", "stretch_width")
    made.tags = [*made.tags, {"label": label}]
    return pn.pane.Bokeh(made, **params)  # type: ignore[no-untyped-call]  # Panel says nothing of it
