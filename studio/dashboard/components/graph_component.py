"""The service graph as a component: one file of JavaScript, for notebooks and for the dashboard.

`GraphWidget` is an anywidget, `GraphPane` a part of a Panel page. Both take the drawing's SVG and what `graph_stats`
returns, and give back which part or line is selected. Each loads its library when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.dashboard.components.graph_pane import GraphPane
    from studio.dashboard.components.graph_widget import GraphWidget

__all__ = ["GraphPane", "GraphWidget"]

_HOMES = {"GraphPane": "graph_pane", "GraphWidget": "graph_widget"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"studio.dashboard.components.{_HOMES[name]}"), name)
