"""Name the parts of Panel that charts and choosers are made of; Panel says nothing of the types of their arguments."""

from __future__ import annotations

from typing import Any, Final

import panel as pn

__all__ = ["BOKEH", "FLEX_BOX", "HTML", "LABEL_UNSEEN", "MULTI_SELECT", "SELECT"]

BOKEH: Final[Any] = pn.pane.Bokeh
FLEX_BOX: Final[Any] = pn.FlexBox
HTML: Final[Any] = pn.pane.HTML
MULTI_SELECT: Final[Any] = pn.widgets.MultiSelect
SELECT: Final[Any] = pn.widgets.Select

LABEL_UNSEEN: Final = "label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"
"""Of a chooser that says by itself what it is: its label is for screen readers alone."""
