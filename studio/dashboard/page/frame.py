"""Hold one tab: build it when it is first shown, refresh it when it has to be, and keep its errors to itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.pieces.blank import blank, complaint
from studio.errors import LogLocked, LogUnwritable, StudioError

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.dashboard.view import Export, View
    from studio.dashboard.views import Tab

__all__ = ["Frame"]

_LOG = logging.getLogger(__name__)


class Frame:
    """The place of one tab in one session.

    Args:
        desk: The session's state.
        tab: Which.
    """

    def __init__(self, desk: Desk, tab: Tab) -> None:
        self._desk, self._tab = desk, tab
        self._view: View | None = None
        self._body: Any = None
        self._drawn: tuple[Any, ...] | None = None  # what the desk said when it was drawn last
        self._is_stale = True
        self.is_kept_out = False
        """Whether the log's file could not be read: it is tried again, though nothing may have changed in it."""
        self.column = pn.Column(sizing_mode="stretch_both", margin=0, css_classes=["studio-frame"])

    def has_news(self) -> None:
        """Note that the shown run has new records, for views that follow."""
        if self._view is not None and self._view.follows:
            self._is_stale = True

    def update(self) -> None:
        """Refresh the tab if anything that it needs has changed since it was drawn."""
        self.is_kept_out = False
        self._guarded(self._update)

    def _update(self) -> None:
        if self._desk.shown_run is None and self._wants_run():
            self._put(blank("No run yet", _NO_RUN, code='studio.simulate("SCENARIO", seed=7)'))
            self._is_stale = True
            return
        self._refresh()

    def exports(self) -> Sequence[Export]:
        """Return what can be taken away from the tab now."""
        found: list[Export] = []
        if self._view is not None and self._body is not None:
            view = self._view
            self._guarded(lambda: found.extend(view.exports()))
        return found

    def pinned(self) -> Mapping[str, Any]:
        """Return what a link has to say beyond the desk, so that it goes on showing what the tab shows now."""
        return {} if self._view is None or self._body is None else self._view.pinned()

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _wants_run(self) -> bool:
        return self._tab.load().wants_run

    def _refresh(self) -> None:
        if self._view is None:
            self._view = self._tab.load()(self._desk)
        view = self._view
        if self._body is None:
            self._body = view.body()
        state = tuple(getattr(self._desk, name) for name in (*view.needs, "theme"))
        state += (self._desk.shown_run,) if "run" in view.needs else ()
        if self._is_stale or state != self._drawn:
            with self._burst(view):
                view.refresh()
            self._is_stale, self._drawn = False, state
        self._put(self._body)

    def _burst(self, view: View) -> AbstractContextManager[Any]:
        """Open the log's file once for all that a refresh asks."""
        return self._desk.view.burst() if view.wants_run else nullcontext()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something of the view's; what it raises is told in its place."""
        try:
            act()
        except StudioError as error:
            self._is_stale, self.is_kept_out = True, isinstance(error, LogLocked | LogUnwritable)
            self._put(complaint(str(error)))
        except Exception as error:  # noqa: BLE001 - a flaw of one tab must not take the page along
            self._is_stale = True
            _LOG.exception("tab %s", self._tab.name)
            self._put(complaint(f"{type(error).__name__}: {error}\nThis is a flaw of Studio; the log is not harmed."))

    def _put(self, shown: Any) -> None:
        if list(self.column) != [shown]:
            self.column[:] = [shown]


_NO_RUN = "Run a scenario or play with a world in a cell; it appears here by itself."
