"""Let charts share one axis of virtual time: the same stretch, the same crosshair, the same shaded bands, one brush."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.events import DoubleTap, SelectionGeometry
from bokeh.models import BoxSelectTool, ColumnDataSource, CrosshairTool, Range1d, ResetTool, VStrip
from bokeh.models.annotations import Span

from studio.dashboard.pieces.chart_look import figure
from studio.observe.palette import Theme, colour

__all__ = ["Band", "TimeBoard"]

Chosen = Callable[[int | None, int | None], None]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time with a name, such as a fault in force.

    Attributes:
        name: Row in which it is drawn.
        words: What is said of it.
        from_ns: Where it begins.
        until_ns: Where it ends.
        grave: Whether it is drawn as the heavier of two sorts, and shades the charts.
    """

    name: str
    words: str
    from_ns: int
    until_ns: int
    grave: bool = False


class TimeBoard:
    """What charts over one stretch of virtual time have in common.

    Args:
        theme: Of the page.
        choose: Called with the stretch that was brushed; with None twice after a double click: the whole run.
    """

    def __init__(self, theme: Theme | str, choose: Chosen) -> None:
        self.theme: Theme = "dark" if theme == "dark" else "light"
        self._choose = choose
        self.range, self.stretch = Range1d(start=0, end=1), (0, 1)
        self._cross = Span(dimension="height", line_width=1, line_alpha=0.5, line_color=colour("soft", self.theme))
        self._shade = ColumnDataSource({"x0": [], "x1": []})

    def place(self, from_ns: int, until_ns: int) -> None:
        """Show a stretch of time, in all charts."""
        self.stretch = (from_ns, max(until_ns, from_ns + 1))
        self.range.update(start=self.stretch[0], end=self.stretch[1])

    def shade(self, bands: Sequence[Band]) -> None:
        """Shade grave stretches of time, in all charts."""
        found: list[list[int]] = []
        for from_ns, until_ns in sorted((each.from_ns, each.until_ns) for each in bands if each.grave):
            if found and from_ns <= found[-1][1]:  # one shade, however many are in force at once
                found[-1][1] = max(found[-1][1], until_ns)
            else:
                found.append([from_ns, until_ns])
        self._shade.data = {"x0": [each[0] for each in found], "x1": [each[1] for each in found]}

    def figure(self, *, height: int, is_shaded: bool = True, **options: Any) -> Any:
        """Return an empty chart on this board.

        Args:
            height: In pixels.
            is_shaded: Whether bands are shaded behind it.
            options: Bokeh's own.
        """
        made = figure(theme=self.theme, height=height, x_range=self.range, **options)
        made.min_border_left, made.min_border_right = 60, 26  # alike in all, with room for half of the last label
        made.tools = [tool for tool in made.tools if not isinstance(tool, CrosshairTool | BoxSelectTool | ResetTool)]
        brush = BoxSelectTool(dimensions="width", renderers=[])  # it chooses time, not points
        brush.overlay.update(fill_color=colour("accent", self.theme), fill_alpha=0.15, line_color=None)
        made.add_tools(CrosshairTool(overlay=self._cross), brush)
        made.toolbar.active_drag = brush
        made.on_event(SelectionGeometry, self._brushed)
        made.on_event(DoubleTap, lambda _: self._choose(None, None))
        if is_shaded:
            strip = VStrip(x0="x0", x1="x1", fill_color=colour("warning", self.theme), fill_alpha=0.1, line_color=None)
            made.add_glyph(self._shade, strip, level="underlay")
        return made

    def _brushed(self, event: Any) -> None:
        if not event.final:
            return
        start, end = sorted((float(event.geometry["x0"]), float(event.geometry["x1"])))
        if end - start >= 1:
            self._choose(max(0, int(start)), int(end) + 1)
