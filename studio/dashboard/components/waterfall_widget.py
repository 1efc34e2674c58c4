"""The waterfall of a trace in a notebook's cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from studio.dashboard.components.esm import WATERFALL, component_module
from studio.observe import Waterfall

__all__ = ["WaterfallWidget"]


class WaterfallWidget(anywidget.AnyWidget):
    """A trace to be walked.

    Attributes:
        svg: What a waterfall gives; set by `draw`.
        hidden: Spans that it leaves out; set by `draw`.
        spans_max: Spans that are wanted at most; the reader raises it.
        selected: Number of a span; 0 for none.
        zoomed: Number of the span whose stretch of time is shown; 0 for all times.
        folded: Spans that are folded: `3.17`, or `all`.
        followed: What was clicked to be followed: `message 12` or `cell service Payment:3`.
        theme: `light` or `dark`; empty follows the surroundings.
        height_max: Of the picture, in pixels, beyond which it scrolls; 0 for as high as it is.
    """

    _esm = component_module(*WATERFALL)

    svg = traitlets.Unicode("").tag(sync=True)
    hidden = traitlets.Int(0).tag(sync=True)
    spans_max = traitlets.Int(400).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    zoomed = traitlets.Int(0).tag(sync=True)
    folded = traitlets.Unicode("").tag(sync=True)
    followed = traitlets.Unicode("").tag(sync=True)
    theme = traitlets.Unicode("").tag(sync=True)
    height_max = traitlets.Int(0).tag(sync=True)

    _make: Callable[[int], Waterfall] | None = None

    def draw(self, make: Callable[[int], Waterfall]) -> None:
        """Show a trace, and make it anew when more of its spans are wanted.

        Args:
            make: Returns the waterfall with so many spans at most.
        """
        self._make = make
        self._redraw()

    @traitlets.observe("spans_max")
    def _more(self, _change: Any) -> None:
        self._redraw()

    def _redraw(self) -> None:
        if self._make is None:
            return
        waterfall = self._make(self.spans_max)
        with self.hold_sync():
            self.svg, self.hidden = waterfall.svg(), waterfall.timeline.hidden
