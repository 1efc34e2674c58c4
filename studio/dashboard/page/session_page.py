"""Fill one browser session's document: the bar on top, and below it the frames of the tabs that were opened."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.core.validation import silence
from bokeh.core.validation.warnings import EMPTY_LAYOUT
from bokeh.util.warnings import BokehUserWarning

from studio.dashboard.desk import Desk
from studio.dashboard.page.frame import Frame
from studio.dashboard.page.look import StudioDesign, page_css
from studio.dashboard.page.steering import Steering
from studio.dashboard.page.top_bar import TopBar
from studio.dashboard.views import TABS
from studio.errors import StudioError

if TYPE_CHECKING:
    from bokeh.document import Document

    from studio.dashboard.feed import Feed
    from studio.dashboard.parcels import Parcels

__all__ = ["open_page"]

_TEMPLATE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
_CLOSED = """{% extends base %}
{% block inner_head %}<meta charset="utf-8"><title>Studio</title>
<meta name="color-scheme" content="light dark">{% endblock %}
{% block inner_body %}<div style="font: 15px/1.6 system-ui, sans-serif; max-width: 34em; margin: 15vh auto">
<h1 style="font-size: 1.3em">This dashboard was closed</h1>
<p>Open it again in its notebook: run <code>%dashboard</code>.</p></div>{% endblock %}
"""
_TICK_MS = 400
_RESTS = 3  # times as long as following took
_REST_MAX_S = 5.0
_KEPT_OUT_REST_S = 2.0  # a log that another process holds is waited for just as long, and pages are to answer between

# Panel's messages bring their component along, whole; that it is known already is no news to the kernel's author.
warnings.filterwarnings("ignore", "reference already known", BokehUserWarning)
silence(EMPTY_LAYOUT)  # a tab that was not opened yet is empty, and stays so until it is


def open_page(
    document: Document, feed: Feed | None, state: Mapping[str, str], *, number: int, parcels: Parcels, token: str = ""
) -> None:
    """Fill the document of a browser that has come.

    Args:
        document: To be filled.
        feed: What is looked at; None when that dashboard was closed.
        state: The URL's query.
        number: Of the feed, which stays in the URL.
        parcels: Where exported files wait.
        token: That a link which is copied carries.
    """
    if feed is None:
        pn.Template(template=_CLOSED).server_doc(document, title="Studio", location=False)
        return
    for tab in TABS:
        tab.load()  # a component's class that comes later is told to one browser alone, and its messages are lost there
    page = SessionPage(feed, state, number=number, parcels=parcels, token=token)
    template = pn.Template(template=_TEMPLATE, design=StudioDesign)
    template.add_variable("page_css", page_css())
    template.add_panel("bar", page.bar)
    template.add_panel("main", page.main)
    template.server_doc(document, title="Studio", location=False)
    document.config.update(reconnect_session=False, notify_connection_status=False)  # the bar says it, and reloads
    page.begin(document)


class SessionPage:
    """The page of one browser session.

    Args:
        feed: What is looked at.
        state: The URL's query.
        number: Of the feed.
        parcels: Where exported files wait.
        token: That a link which is copied carries.
    """

    def __init__(self, feed: Feed, state: Mapping[str, str], *, number: int, parcels: Parcels, token: str = "") -> None:
        self.desk = Desk(feed)
        self.desk.number = number
        self.desk.restore(state)
        self.frames: dict[str, Frame] = {}
        self.main = pn.Column(sizing_mode="stretch_both", margin=0, css_classes=["studio-main"])
        self.steering = Steering(self, parcels, token)
        self.bar = TopBar(self.steering.receive)
        self._seen: Any = None
        self._document: Document | None = None
        self._is_due = False
        self._rests_until_s = 0.0
        self._is_kept_out = False
        self._heard = 0
        self._has_waited = False

    def begin(self, document: Document) -> None:
        """Draw the bar, and look for news from now on; tabs are built when the browser has said how it looks."""
        self._document = document
        self.desk.watch(self.steering.show_notices, "notices")
        with suppress(StudioError):  # which `redraw` tells
            self._seen = self.steering.news()  # before it is drawn: what comes meanwhile is new
        self.steering.redraw()
        self.desk.watch(self.moved, *(name for name in self.desk.param if name not in ("name", "notices", "tick")))
        document.add_periodic_callback(self.look, _TICK_MS)

    def moved(self) -> None:
        """Show what the desk says now, in a moment: once for all that changes until then, and under Bokeh's lock.

        Panel answers browsers without that lock, and a chart that is changed then loses the change.
        """
        if not self._is_due and self._document is not None:
            self._is_due = True
            self._document.add_next_tick_callback(self._move)

    def _move(self) -> None:
        self._is_due = False
        with self._held():
            self.steering.redraw()
            self.show()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Send what changes as one message: Panel and Bokeh send by different ways, and the one overtakes the other."""
        document = self._document
        if document is None or document.callbacks.hold_value:
            yield
            return
        document.hold("collect")
        try:
            yield
        finally:
            document.unhold()

    def show(self) -> None:
        """Bring the shown tab to front and up to date; it is built when it is first shown."""
        if not self.steering.is_greeted:
            return
        tab = next((each for each in TABS if each.name == self.desk.tab), TABS[0])
        frame = self.frames.get(tab.name)
        if frame is None:
            frame = self.frames[tab.name] = Frame(self.desk, tab)
            self.main.append(frame.column)
        for name, each in self.frames.items():
            each.column.visible = name == tab.name
        frame.update()
        self.list_exports()
        self.bar.state = {**self.bar.state, "isBuilt": True}

    def list_exports(self) -> None:
        """Offer what can be taken away from the shown tab now."""
        frame = self.frames.get(self.desk.tab)
        self.steering.show_exports([] if frame is None else frame.exports())

    def look(self) -> None:
        """See whether anything is new, and show it; a slow tab rests longer, so that no click is kept waiting."""
        if not self.steering.is_greeted or time.monotonic() < self._rests_until_s or not self._is_watched:
            return
        if self._heard < self.bar.told:  # a browser that sleeps or lags is not talked over: it gets the newest then
            self._has_waited = True
            return
        try:
            news = self.steering.news()
        except StudioError as error:
            self.desk.tell(str(error), "error", key="log")
            self._is_kept_out, self._rests_until_s = True, time.monotonic() + _KEPT_OUT_REST_S
            return
        self.desk.untell("log")
        if news == self._seen and not self._was_kept_out():
            return
        self._seen, self._is_kept_out = news, False
        began_s = time.monotonic()
        self._follow()
        took_s = time.monotonic() - began_s
        self._rests_until_s = time.monotonic() + min(_RESTS * took_s, _REST_MAX_S)

    def heard(self, told: int) -> None:
        """Take notice that the browser has drawn what it was told; one that had been waited for gets the newest now."""
        self._heard = max(self._heard, min(told, self.bar.told))
        if self._has_waited and self._heard == self.bar.told and self._document is not None:
            self._has_waited = False
            self._document.add_next_tick_callback(self.look)

    @property
    def _is_watched(self) -> bool:
        """Whether a browser holds the page: a session outlives its own for a while, and is to cost nothing then."""
        context: Any = None if self._document is None else self._document.session_context
        session = getattr(context, "session", None)
        return session is None or session.connection_count > 0

    def _was_kept_out(self) -> bool:
        """Tell whether the log could not be read when it was asked last, so that the page is not what it should be."""
        frame = self.frames.get(self.desk.tab)
        return self._is_kept_out or (frame is not None and frame.is_kept_out)

    def _follow(self) -> None:
        with self._held():
            self.steering.redraw()
            self.desk.param.trigger("tick")
            for frame in self.frames.values():
                frame.has_news()
            self.show()
            self.bar.told += 1
