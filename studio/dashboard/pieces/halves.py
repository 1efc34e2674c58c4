"""Put a list and what was opened in it into one tab: the list alone, or above what was opened."""

from __future__ import annotations

from typing import Any

import panel as pn

__all__ = ["Halves"]

_LIST_PX = 236  # eight rows and the head


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
        if is_open == self.is_open:
            return
        if is_open:
            self._list.param.update(sizing_mode="stretch_width", height=_LIST_PX)
        else:
            self._list.param.update(sizing_mode="stretch_both", height=None)
        self._opened.visible = is_open
