"""Do something long for a page without holding it up: in a thread, with its progress told, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import panel as pn

from studio.errors import StudioError

__all__ = ["Background"]

Result = TypeVar("Result")


class Background(Generic[Result]):
    """Something under way; make it in the page's own callback, so that it knows the page.

    Args:
        work: Is given a function to tell how much is done, from 0 to 1, which returns whether to go on.
        changed: Called in the page's turn when there is news: progress, the end.
    """

    def __init__(self, work: Callable[[Callable[[float], bool]], Result], changed: Callable[[], None]) -> None:
        self.done = 0.0
        self.result: Result | None = None
        self.error = ""
        self._work, self._changed = work, changed
        self._document = pn.state.curdoc
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="studio-background", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive() and not self._stop.is_set()

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped by hand."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Give it up: it ends before its next part, and tells nothing more."""
        self._stop.set()

    def wait(self, timeout_s: float = 60.0) -> None:
        """Wait for its end; for those who have no page."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self.result = self._work(self._told)
        except StudioError as error:
            self.error = str(error)
        except Exception as error:  # noqa: BLE001 - told in the page, where the thread's own trace would be lost
            self.error = f"{type(error).__name__}: {error}"
        self.done = 1.0
        self._news()

    def _told(self, done: float) -> bool:
        self.done = done
        self._news()
        return not self._stop.is_set()

    def _news(self) -> None:
        if self._document is not None and not self._stop.is_set() and self._document.session_context is not None:
            self._document.add_next_tick_callback(self._changed)
