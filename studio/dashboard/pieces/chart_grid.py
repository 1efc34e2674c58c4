"""Lay charts out in as many columns as there is room for."""

from __future__ import annotations

from typing import Any

import panel as pn

__all__ = ["chart_grid"]

_GRID = """
:host { display: grid !important; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr));
  gap: 10px 14px; align-items: start; }
:host > * { width: auto !important; min-width: 0; }
"""


def chart_grid(*bodies: Any) -> pn.Column:
    """Return a grid of charts: two columns or more on a wide page, one on a narrow one."""
    return pn.Column(*bodies, sizing_mode="stretch_width", margin=0, stylesheets=[_GRID])
