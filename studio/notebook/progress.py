"""Show how far long work is, in one line that is changed in place; quick work shows nothing."""

from __future__ import annotations

import time
from typing import Any, Final

__all__ = ["ProgressLine"]

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
        self._next_s = time.monotonic() + QUIET_S
        self._handle: Any = None

    def begin(self, detail: str) -> None:
        """Say at once what begins; for what is known to take its time.

        Args:
            detail: In words.
        """
        self._display(self.text(0.0, detail))

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
        self._display(self.text(share, detail))

    def close(self) -> None:
        """Take the line away."""
        if self._handle is not None:
            self._display("")

    def text(self, share: float, detail: str) -> str:
        """Return the line."""
        done = round(min(max(share, 0.0), 1.0) * _CELLS)
        return f"{self._title}  {'━' * done}{'╌' * (_CELLS - done)}  {share:4.0%}  {detail}"

    def _display(self, text: str) -> None:
        from IPython import display

        show: Any = display.display  # IPython leaves it untyped

        data = {"text/plain": text}
        if self._handle is None:
            self._handle = show(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
