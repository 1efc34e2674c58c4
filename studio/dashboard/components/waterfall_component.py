"""The waterfall of a trace as a component: one file of JavaScript, for notebooks and for the dashboard.

`WaterfallWidget` is an anywidget, `WaterfallPane` a part of a Panel page. Both show a `studio.observe.Waterfall`, give
back which span is selected, and ask for a longer picture when the reader wants more spans than were drawn. Each loads
its library when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.dashboard.components.waterfall_pane import WaterfallPane
    from studio.dashboard.components.waterfall_widget import WaterfallWidget

__all__ = ["WaterfallPane", "WaterfallWidget"]

_HOMES = {"WaterfallPane": "waterfall_pane", "WaterfallWidget": "waterfall_widget"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"studio.dashboard.components.{_HOMES[name]}"), name)
