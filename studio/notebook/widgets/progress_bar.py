"""Show how far long work is as a bar with a Cancel button, where a front end shows widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from studio.notebook.progress import ProgressLine

__all__ = ["BarWidget", "ProgressBar"]


class BarWidget(anywidget.AnyWidget):
    """A bar, the share, what is under way, and a button that interrupts the kernel."""

    _esm = Path(__file__).with_name("progress_bar.js")

    title = traitlets.Unicode("").tag(sync=True)
    share = traitlets.Float(0.0).tag(sync=True)
    detail = traitlets.Unicode("").tag(sync=True)
    is_failing = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003 - the trait's first value
    is_over = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003

    def __repr__(self) -> str:
        return f"{self.title}  {self.share:4.0%}  {self.detail}"


class ProgressBar(ProgressLine):
    """A `ProgressLine` that is a widget; quick work shows nothing, and the bar goes when the work has ended.

    Args:
        title: What runs.

    Attributes:
        widget: What is shown; None before it is shown and after it has gone.
    """

    widget: BarWidget | None = None

    def close(self) -> None:
        """Take the bar away."""
        bar, self.widget = self.widget, None
        if bar is not None:
            bar.is_over = True
            self._display("")
            bar.close()

    def _tell(self, share: float, detail: str) -> None:
        if self.widget is None:
            self.widget = BarWidget(title=self._title)
            bundle: Any = self.widget._repr_mimebundle_()  # data and metadata, as IPython asks for them
            self._show(bundle[0])
        with self.widget.hold_sync():
            self.widget.share = min(max(share, 0.0), 1.0)
            self.widget.detail = detail
            self.widget.is_failing = " failed" in detail or "broken:" in detail
