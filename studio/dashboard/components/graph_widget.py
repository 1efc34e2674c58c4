"""The service graph in a notebook's cell."""

from __future__ import annotations

import anywidget
import traitlets

from studio.dashboard.components.esm import GRAPH, component_module

__all__ = ["GraphWidget"]


class GraphWidget(anywidget.AnyWidget):
    """The service graph, live.

    Attributes:
        svg: What a `studio.graph.drawing.Drawing` gives.
        stats: What `graph_stats` gives; setting it again changes only what differs.
        selected: `data-key` of a part or `data-edge` of a line; empty for none. Set by a click, and from here.
        theme: `light` or `dark`; empty follows the surroundings.
        corner: Scenario, run, seed and virtual time, for pictures that are taken away.
        height_max: Of the picture, in pixels.
    """

    _esm = component_module(*GRAPH)

    svg = traitlets.Unicode("").tag(sync=True)
    stats = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    theme = traitlets.Unicode("").tag(sync=True)
    corner = traitlets.Unicode("").tag(sync=True)
    height_max = traitlets.Int(640).tag(sync=True)
