"""Show how far long work is, in one line that is changed in place; quick work shows nothing.

Where a front end shows widgets the line is a bar with a Cancel button: `studio.notebook.widgets.progress_bar`.
"""

from __future__ import annotations

import os
import time
from typing import Any, Final

__all__ = ["ProgressLine", "has_front_end", "progress_of"]

QUIET_S: Final = 1.0
"""Nothing is shown for work that is done by then, so that a stored notebook does not depend on the machine's speed."""
INTERVAL_S: Final = 0.2
_CELLS: Final = 24


class ProgressLine:
    """One line of text: a bar, the share, what is under way.

    Args:
        title: What runs.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun_s = time.monotonic()
        self._next_s = self._begun_s + QUIET_S
        self._handle: Any = None

    def begin(self, detail: str) -> None:
        """Say at once what begins; for what is known to take its time.

        Args:
            detail: In words.
        """
        self._tell(0.0, detail)

    def show(self, share: float, detail: str) -> None:
        """Say how far it is; cheap when called often.

        Args:
            share: Done, from 0 to 1.
            detail: In words.
        """
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + INTERVAL_S
        self._tell(share, detail)

    def close(self) -> None:
        """Take the line away."""
        if self._handle is not None:
            self._display("")

    def left(self, share: float) -> str:
        """Return how much time is left, after a comma, at the rate so far; empty where that cannot be told.

        Args:
            share: Done, from 0 to 1.
        """
        if not 0.02 <= share < 1:
            return ""
        left_s = (time.monotonic() - self._begun_s) * (1 - share) / share
        return f", {left_s / 60:.0f} min left" if left_s >= 90 else f", {left_s:.0f} s left"

    def text(self, share: float, detail: str) -> str:
        """Return the line."""
        done = round(min(max(share, 0.0), 1.0) * _CELLS)
        return f"{self._title}  {'━' * done}{'╌' * (_CELLS - done)}  {share:4.0%}  {detail}"

    def _tell(self, share: float, detail: str) -> None:
        self._display(self.text(share, detail))

    def _display(self, text: str) -> None:
        self._show({"text/plain": text})

    def _show(self, data: dict[str, Any]) -> None:
        from IPython import display

        show: Any = display.display  # IPython leaves it untyped

        if self._handle is None:
            self._handle = show(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def progress_of(title: str) -> ProgressLine:
    """Return what shows how far something is: a bar that can be cancelled where there is a front end, else a line.

    Args:
        title: What runs.
    """
    if not has_front_end():
        return ProgressLine(title)
    try:
        from studio.notebook.widgets.progress_bar import ProgressBar
    except ModuleNotFoundError:  # widgets are not installed
        return ProgressLine(title)
    return ProgressBar(title)


def has_front_end() -> bool:
    """Say whether somebody looks on who shows widgets: a notebook server or an editor that started this kernel.

    Checkers and converters of notebooks start kernels by themselves; what they keep is text.
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return False
    return bool(os.environ.get("JPY_SESSION_NAME") or "__vsc_ipynb_file__" in shell.user_ns)
