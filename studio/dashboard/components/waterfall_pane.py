"""The waterfall of a trace in a page of the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from studio.dashboard.components.esm import WATERFALL, component_module
from studio.observe import Waterfall

__all__ = ["WaterfallPane"]


class WaterfallPane(JSComponent):
    """A trace to be walked; the attributes are those of `WaterfallWidget`."""

    svg = param.String(default="", doc="What a waterfall gives.")
    hidden = param.Integer(default=0, doc="Spans that it leaves out.")
    spans_max = param.Integer(default=400, doc="Spans that are wanted at most.")
    selected = param.Integer(default=0, doc="Number of a span.")
    zoomed = param.Integer(default=0, doc="Number of the span whose stretch of time is shown; 0 for all times.")
    folded = param.String(default="", doc="Spans that are folded: `3.17`, or `all`.")
    followed = param.String(default="", doc="What was clicked to be followed.")
    theme = param.String(default="", doc="`light`, `dark`, or empty for that of the surroundings.")
    height_max = param.Integer(default=0, doc="Of the picture, in pixels.")

    _esm: ClassVar[Any] = component_module(*WATERFALL)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel says nothing of it
        self._make: Callable[[int], Waterfall] | None = None
        self.param.watch(lambda _event: self._redraw(), "spans_max")

    def draw(self, make: Callable[[int], Waterfall]) -> None:
        """Show a trace, and make it anew when more of its spans are wanted.

        Args:
            make: Returns the waterfall with so many spans at most.
        """
        self._make = make
        self._redraw()

    def _redraw(self) -> None:
        if self._make is None:
            return
        waterfall = self._make(self.spans_max)
        self.param.update(svg=waterfall.svg(), hidden=waterfall.timeline.hidden)
