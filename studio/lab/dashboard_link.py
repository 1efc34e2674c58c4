"""Serve this kernel's dashboard to a tab of JupyterLab; the first who asks starts it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from studio.simulation.logbook import default_log

if TYPE_CHECKING:
    from studio.dashboard.dashboard_server import DashboardServer

__all__ = ["DashboardLink"]


class DashboardLink:
    """The dashboard of one kernel, over its log and its latest world."""

    def __init__(self) -> None:
        self._server: DashboardServer | None = None
        self._lock = threading.Lock()  # two tabs may ask at once, from two threads

    def url(self, *, theme: str = "", host: str = "", origin: str = "") -> str:
        """Return a link that lets a browser in; the server is started when there is none.

        Args:
            theme: `light` or `dark`; empty leaves it to the browser.
            host: Name by which the browser knows this machine, such as `localhost`.
            origin: Of the page that will hold the dashboard.

        Raises:
            DashboardPort: It cannot be served.
        """
        from studio.dashboard.dashboard_server import serve_dashboard
        from studio.dashboard.feed import Feed

        origins = (origin,) if origin else ()
        with self._lock:
            if self._server is None or not self._server.is_running:
                self._server = serve_dashboard(Feed.of_log(default_log()), origins=origins)
            else:
                self._server = serve_dashboard(self._server.feed, origins=origins)
            return self._server.url(host=host if host in ("localhost", "127.0.0.1") else "", theme=theme)

    def stop(self) -> None:
        """Close it, where it was started."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.stop()
