"""The service graph in a page of the dashboard."""

from __future__ import annotations

from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from studio.dashboard.components.esm import GRAPH, component_module

__all__ = ["GraphPane"]


class GraphPane(JSComponent):
    """The service graph, live; the attributes are those of `GraphWidget`."""

    svg = param.String(default="", doc="What a drawing gives.")
    stats = param.Dict(default={}, doc="What `graph_stats` gives.")
    selected = param.String(default="", doc="Key of a part or a line.")
    theme = param.String(default="", doc="`light`, `dark`, or empty for that of the surroundings.")
    corner = param.String(default="", doc="Scenario, run, seed and virtual time, for pictures that are taken away.")
    height_max = param.Integer(default=640, doc="Of the picture, in pixels.")

    _esm: ClassVar[Any] = component_module(*GRAPH)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel says nothing of it
