"""Say where this kernel's dashboard is, for a tab of JupyterLab; the first who asks starts it."""

from __future__ import annotations

import threading
from typing import Final

from studio.notebook.dashboard_frame import is_proxied, proxied_path, served_dashboard

__all__ = ["dashboard_url"]

_NAMES: Final = ("localhost", "127.0.0.1")
_LOCK = threading.Lock()  # two tabs may ask at once, from two threads


def dashboard_url(*, theme: str = "", host: str = "", origin: str = "") -> str:
    """Return a link that lets a browser in: an address of this machine, or a path below that of the Jupyter server.

    Args:
        theme: `light` or `dark`; empty leaves it to the browser.
        host: Name by which the browser knows this machine; where it is the same as Lab's, cookies are of one site.
        origin: Of the page that will hold the dashboard.

    Raises:
        MissingExtra: Panel is not installed.
        DashboardPort: It cannot be served.
    """
    with _LOCK:
        server = served_dashboard(origins=(origin,) if origin else ())
        if is_proxied(host):
            return proxied_path(server, theme=theme)
        return server.url(host=host if host in _NAMES else "", theme=theme)
