"""Draw charts as one SVG, to be taken away: what the page shows, without a browser."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from studio.dashboard.pieces.chart_look import series_colour
from studio.dashboard.pieces.curve_chart import DASHES, CurveChart
from studio.dashboard.pieces.strip_chart import StripChart
from studio.dashboard.pieces.strip_picture import strip_height, strip_svg
from studio.dashboard.pieces.taken_picture import standing_alone
from studio.dashboard.pieces.time_board import Band
from studio.observe.axis import Axis
from studio.observe.palette import FONT, Theme, colour

__all__ = ["picture_of"]

_WIDTH, _CURVES, _LEGEND, _LEFT, _RIGHT, _TOP, _HEAD, _NAMES = 560, 120, 14, 56, 12, 40, 34, 190


def picture_of(
    charts: Sequence[CurveChart],
    bands: Sequence[Band],
    *,
    title: str = "",
    corner: str,
    theme: Theme,
    strips: Sequence[StripChart] = (),
) -> bytes:
    """Return charts as an SVG, two beside each other; one alone fills it.

    Args:
        charts: With what they show; those that show nothing are left out.
        bands: Stretches of time that are shaded in all of them.
        title: Of the whole, at the left above it.
        corner: Which run it is of, and its virtual time.
        theme: Colours.
        strips: Bars over the same time, drawn below.
    """
    drawn = [chart for chart in charts if not chart.curves.is_empty]
    width = _WIDTH * (1 if len(drawn) == 1 and not strips else 2)
    parts, top = [], _HEAD
    for at in range(0, len(drawn), 2):
        row = drawn[at : at + 2]
        for column, chart in enumerate(row):
            parts.append(f'<g transform="translate({column * _WIDTH},{top})">{_chart(chart, bands, theme)}</g>')
        top += max(_height(chart) for chart in row)
    for strip in strips:
        if strip.bands:
            parts.append(f'<g transform="translate(0,{top})">{_strip(strip, width, theme)}</g>')
            top += strip_height(strip.bands)
    if not parts:
        parts.append(_text(_LEFT, top + 14, "Nothing of the kind in this stretch of time.", theme, kind="soft"))
        top += 20
    told = "; ".join((*(chart.alternative() for chart in drawn), *(strip.alternative() for strip in strips)))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + 12}" width="{width}" '
        f'height="{top + 12}" role="img" aria-label="{escape(told)}" font-family="{escape(FONT)}" font-size="11">'
        f'<rect width="100%" height="100%" fill="{colour("back", theme)}"/>'
    )
    above = (
        _text(12, 20, title, theme, weight="600"),
        _text(width - 12, 20, corner, theme, kind="soft", anchor="end"),
    )
    return standing_alone("".join([head, *above, *parts, "</svg>"]), theme)


def _strip(strip: StripChart, width: int, theme: Theme) -> str:
    axis = Axis(*strip.board.stretch)
    drawn = strip_svg(strip.title, strip.legend, strip.bands, axis, left=_NAMES, right=width - _RIGHT, theme=theme)
    return "".join(drawn)


def _height(chart: CurveChart) -> int:
    return _TOP + _CURVES + _LEGEND * len(chart.curves.values) + 16


def _chart(chart: CurveChart, bands: Sequence[Band], theme: Theme) -> str:
    curves = chart.curves
    step = curves.starts[1] - curves.starts[0] if len(curves.starts) > 1 else 1
    axis = Axis(curves.starts[0], curves.starts[-1] + step)
    values = [value for name in curves.values for value in curves.of(name)]
    low, high = min(0.0, *values), max(values)
    high = high if high > low else low + 1
    unit = f'<tspan dx="8" font-weight="400" fill="{colour("soft", theme)}">{escape(chart.unit)}</tspan>'
    parts = [_text(_LEFT, 14, chart.title, theme, weight="600", more=unit if chart.unit else "")]
    parts += _frame(axis, chart, low, high, theme)
    parts += [_shade(band, axis, theme) for band in bands if band.grave]
    for at, (name, found) in enumerate(curves.values.items()):
        points = zip(curves.starts, found, strict=True)
        places = [(start, None if value is None else (value - low) / (high - low)) for start, value in points]
        parts += _curve(places, axis, at, is_stepped=chart.is_stepped)
        y = _TOP + _CURVES + 26 + _LEGEND * at
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + 22}" y1="{y - 4}" y2="{y - 4}" {_style(at)}/>')
        parts.append(_text(_LEFT + 28, y, f"{name}: {chart.span_words(name)}", theme, kind="soft"))
    return "".join(parts)


def _frame(axis: Axis, chart: CurveChart, low: float, high: float, theme: Theme) -> Iterator[str]:
    for at, value in ((1.0, high), (0.5, (low + high) / 2), (0.0, low)):
        y = _y(at)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="{colour("line", theme)}"/>'
        yield _text(_LEFT - 6, y + 4, chart.say(value), theme, kind="soft", anchor="end")
    for tick, label in axis.ticks(7):
        yield _text(_x(axis, tick), _TOP + _CURVES + 12, label, theme, kind="soft", anchor="middle")


def _shade(band: Band, axis: Axis, theme: Theme) -> str:
    left, right = _x(axis, band.from_ns), _x(axis, band.until_ns)
    if right <= left:
        return ""
    fill = f'fill="{colour("warning", theme)}" fill-opacity="0.1"'
    return f'<rect x="{left}" y="{_TOP}" width="{right - left:.1f}" height="{_CURVES}" {fill}/>'


def _curve(places: Sequence[tuple[int, float | None]], axis: Axis, at: int, *, is_stepped: bool) -> Iterator[str]:
    """Yield a line for each stretch without a gap; a single point is a dot."""
    stretch: list[tuple[float, float]] = []
    for start, share in (*places, (0, None)):
        if share is not None and math.isfinite(share):
            if is_stepped and stretch:
                stretch.append((_x(axis, start), stretch[-1][1]))
            stretch.append((_x(axis, start), _y(share)))
        elif stretch:
            yield _line(stretch, at)
            stretch = []


def _line(points: Sequence[tuple[float, float]], at: int) -> str:
    if len(points) == 1:
        x, y = points[0]
        return f'<circle cx="{x}" cy="{y}" r="2" fill="{series_colour(at)}"/>'
    told = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline fill="none" points="{told}" {_style(at)}/>'


def _style(at: int) -> str:
    dash = ",".join(map(str, DASHES[at % len(DASHES)])) or "none"
    return f'stroke="{series_colour(at)}" stroke-width="1.5" stroke-dasharray="{dash}"'


def _x(axis: Axis, at_ns: int) -> float:
    return round(_LEFT + axis.share(at_ns) * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _CURVES, 1)


def _text(
    x: float, y: float, text: str, theme: Theme, *, kind: str = "text", anchor: str = "start", weight: str = "400",
    more: str = "",
) -> str:  # fmt: skip
    return (
        f'<text x="{x}" y="{y}" fill="{colour(kind, theme)}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}{more}</text>"
    )
