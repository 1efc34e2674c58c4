"""Open dashboards: `serve_dashboard` shows a feed in the browser; all dashboards of a process share one server.

Nothing here loads Panel: that takes seconds, and happens in the server's thread when the first browser knocks.
"""

from __future__ import annotations

import importlib.util
import threading
import webbrowser
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from studio.dashboard.host import Host
from studio.dashboard.views import TABS
from studio.errors import MissingExtra, UnknownTab

if TYPE_CHECKING:
    from bokeh.document import Document

    from studio.dashboard.feed import Feed

__all__ = ["DashboardServer", "serve_dashboard"]

_LOCK = threading.Lock()
_SERVICES: list[_Service] = []


class _Service:
    """A host and the feeds that it shows, each under a number."""

    def __init__(self, host: str, port: int, origins: tuple[str, ...]) -> None:
        self.feeds: dict[int, Feed] = {}
        self._next = 1
        self.host = Host(self._make_page, host=host, port=port, origins=origins)

    def add(self, feed: Feed) -> int:
        """Show one more feed."""
        known = next((number for number, each in self.feeds.items() if each is feed), None)
        if known is not None:
            return known
        number, self._next = self._next, self._next + 1
        self.feeds[number] = feed
        return number

    def _make_page(self, document: Document) -> None:
        from studio.dashboard.page.session_page import open_page

        context: Any = document.session_context
        arguments = {name: values[-1].decode() for name, values in context.request.arguments.items()}
        asked = arguments.pop("feed", "")
        number = int(asked) if asked.isdecimal() else min(self.feeds, default=0)
        feed, host = self.feeds.get(number), self.host
        open_page(document, feed, arguments, number=number, parcels=host.parcels, token=host.gate.token)


class DashboardServer:
    """A dashboard that is being served; see `serve_dashboard`."""

    def __init__(self, service: _Service, number: int, feed: Feed) -> None:
        self._service, self._number = service, number
        self.feed = feed

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return self._service.host.port

    @property
    def is_running(self) -> bool:
        """Whether it is still served."""
        return self._service.host.is_running and self._number in self._service.feeds

    def url(self, *, host: str = "", **state: Any) -> str:
        """Return a link that lets a browser in.

        Args:
            host: Name for this machine, such as `localhost`; by default the address it listens on.
            state: What to show, as for `Desk`: `tab="traces", run=3`.

        Raises:
            UnknownTab: There is no such tab.
        """
        return f"http://{host or self._service.host.host}:{self.port}/{self.query(**state)}"

    def query(self, **state: Any) -> str:
        """Return the query of such a link, for a server that stands behind another one."""
        tab = state.get("tab")
        if tab and tab not in {each.name for each in TABS}:
            raise UnknownTab(tab=tab, known=", ".join(each.name for each in TABS))
        given = {name: value for name, value in state.items() if value not in (None, "")}
        feed = {} if self._number == 1 else {"feed": self._number}
        return "?" + urlencode({**given, **feed, "token": self._service.host.gate.token})

    def stop(self) -> None:
        """Close it; the server ends with its last dashboard, and nothing of it is left then."""
        with _LOCK:
            self._service.feeds.pop(self._number, None)
            if not self._service.feeds and self._service in _SERVICES:
                _SERVICES.remove(self._service)
        if not self._service.feeds:
            self._service.host.stop()


def serve_dashboard(
    feed: Feed, *, port: int = 0, host: str = "127.0.0.1", open_browser: bool = False, origins: Sequence[str] = ()
) -> DashboardServer:
    """Serve a dashboard in a thread of its own.

    Args:
        feed: What it shows.
        port: Port; 0 for one that is free, or the one on which this process serves dashboards already.
        host: Address to listen on; others than this machine's own open the dashboard to the network.
        open_browser: Whether to open the author's browser.
        origins: Further sites whose pages may hold the dashboard, such as `https://hub.example`.

    Raises:
        AddressInUse: It cannot listen there.
        MissingExtra: Panel is not installed.

    Example:
        server = serve_dashboard(Feed.of_file("studio.duckdb"))
        print(server.url(tab="traces"))
    """
    if importlib.util.find_spec("panel") is None:
        raise MissingExtra(what="Panel", extra="lab")
    with _LOCK:
        service = next((each for each in _SERVICES if _fits(each.host, host, port)), None)
        if service is None:
            service = _Service(host, port, tuple(origins))
            _SERVICES.append(service)
        service.host.gate.admit(tuple(origins))
        server = DashboardServer(service, service.add(feed), feed)
    if open_browser:
        webbrowser.open(server.url())
    return server


def _fits(running: Host, host: str, port: int) -> bool:
    return running.is_running and running.host == host and port in (0, running.port)
