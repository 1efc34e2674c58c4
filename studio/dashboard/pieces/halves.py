"""Put a list and what was opened in it into one tab: the list alone, or above what was opened."""

from __future__ import annotations

from typing import Any

import panel as pn

from studio.dashboard.pieces.window_table import WindowTable

__all__ = ["Halves"]

_HEAD_PX, _ROW_PX = 28, 26
_ROWS_MIN, _ROWS_MAX = 3, 8  # of the list while something is open; the least leaves room for what an empty one says


class Halves:
    """A list that shrinks when something is opened in it.

    Args:
        top: Above the list: filters, charts.
        listed: The list; it fills what is left.
        opened: Shown below it when something is open.
    """

    def __init__(self, top: list[Any], listed: Any, opened: Any) -> None:
        self._list = listed
        listed.param.update(sizing_mode="stretch_both", margin=(0, 8, 0, 8))
        self._opened = pn.Column(opened, sizing_mode="stretch_both", margin=(4, 8, 0, 8), scroll=True, visible=False)
        self.body = pn.Column(*top, self._list, self._opened, sizing_mode="stretch_both", margin=0)

    @property
    def is_open(self) -> bool:
        """Whether something is shown below the list."""
        return bool(self._opened.visible)

    def show(self, *, is_open: bool) -> None:
        """Show what was opened, or the list alone."""
        listed = self._list.total if isinstance(self._list, WindowTable) else _ROWS_MAX
        rows = max(_ROWS_MIN, min(listed, _ROWS_MAX))
        height = _HEAD_PX + rows * _ROW_PX if is_open else None
        if is_open == self.is_open and height == self._list.height:
            return
        self._list.param.update(sizing_mode="stretch_width" if is_open else "stretch_both", height=height)
        self._opened.visible = is_open
