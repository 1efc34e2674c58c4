"""Show the dashboard in a cell: a frame over the kernel's own server, and a link that opens it in a tab."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.dashboard.dashboard_server import DashboardServer
    from studio.dashboard.feed import Feed
    from studio.simulation.world import World

__all__ = [
    "DashboardFrame", "is_proxied", "proxied_path", "served_dashboard", "show_dashboard", "stop_dashboards",
]  # fmt: skip

_HEIGHT_PX = 720
_LOCAL = ("", "localhost", "127.0.0.1", "[::1]")

_SERVED: list[DashboardServer] = []


@dataclass(frozen=True, slots=True)
class DashboardFrame:
    """A frame in a cell, and a link.

    Attributes:
        url: What lets a browser in; holds the token.
        height_px: Of the frame.
    """

    url: str
    height_px: int = _HEIGHT_PX

    def __repr__(self) -> str:
        return f"Dashboard: {self.url}"

    def _repr_html_(self) -> str:
        url = escape(self.url)
        return (
            f'<div style="position: relative; height: {self.height_px}px; border: 1px solid #8884; border-radius: 6px; '
            'overflow: hidden; font: 13px system-ui, sans-serif">'
            '<p style="position: absolute; inset: 40% 0 auto; margin: 0; text-align: center; opacity: 0.65">'
            "Loading the dashboard; if nothing comes, run the cell again.</p>"
            f'<iframe src="{url}" title="Studio dashboard" allow="clipboard-write" style="position: relative; '
            'width: 100%; height: 100%; border: 0; color-scheme: normal"></iframe></div>'
            f'<p style="margin: 4px 0; font: 12px system-ui, sans-serif"><a href="{url}" target="_blank" '
            'rel="noreferrer">Open in a tab</a> · ends with the kernel, or by <code>%dashboard --stop</code></p>'
        )


def show_dashboard(
    world: World | None = None, *, tab: str = "", run: int | None = None, height: int | None = None, proxy: bool = False
) -> DashboardFrame:
    """Serve the kernel's log and its latest world, or another world, and return a frame that shows them.

    Nothing heavy is loaded before a browser asks for the page, so that a notebook without one pays nothing.

    Args:
        world: To look at; by default the latest, and all runs of the kernel's log.
        tab: To open.
        run: To show; by default the world's, else the newest.
        height: Of the frame, in pixels.
        proxy: Whether to go through jupyter-server-proxy, for a Lab on another machine.

    Raises:
        UnknownTab: There is no such tab.
        MissingExtra: Panel is not installed.
    """
    server = served_dashboard(world)
    number = world.number if run is None and world is not None else run
    state = {"tab": tab, "run": number}
    url = _prefix() + proxied_path(server, **state) if proxy or is_proxied() else server.url(host="localhost", **state)
    return DashboardFrame(url, height or _HEIGHT_PX)


def served_dashboard(world: World | None = None, *, origins: Sequence[str] = ()) -> DashboardServer:
    """Serve the kernel's log and its latest world, or another world; one that is served already is not served twice.

    Args:
        world: To look at.
        origins: Further sites whose pages may hold the dashboard.

    Raises:
        MissingExtra: Panel is not installed.
    """
    from studio.dashboard.dashboard_server import serve_dashboard

    server = serve_dashboard(_feed(world), origins=origins)
    if server not in _SERVED:
        _SERVED.append(server)
    return server


def stop_dashboards() -> int:
    """Close every dashboard that this kernel has opened, and return how many there were."""
    running = [server for server in _SERVED if server.is_running]
    for server in running:
        server.stop()
    _SERVED.clear()
    return len(running)


def is_proxied(host: str = "") -> bool:
    """Tell whether browsers reach this kernel's machine only through its Jupyter server, and can.

    Under a JupyterHub only what is proxied can be reached; the same holds for a Lab that is on another machine.

    Args:
        host: Name by which a browser knows Lab's machine; empty where that is not known.
    """
    is_away = "JUPYTERHUB_SERVICE_PREFIX" in os.environ or host not in _LOCAL
    return is_away and importlib.util.find_spec("jupyter_server_proxy") is not None


def proxied_path(server: DashboardServer, **state: Any) -> str:
    """Return where jupyter-server-proxy shows a dashboard, below the address of the Jupyter server.

    Args:
        server: Of the dashboard.
        state: What to show, as for `Desk`.
    """
    return f"proxy/{server.port}/{server.query(**state)}"


def _feed(world: World | None) -> Feed:
    """Return what is looked at already where it is the same."""
    from studio.dashboard.feed import Feed
    from studio.simulation.current import latest
    from studio.simulation.logbook import default_log

    log = default_log()
    if world is not None and (world.recorded_in is not log or world is not latest()):
        known = next((each.feed for each in _SERVED if each.is_running and each.feed.world is world), None)
        return known or Feed.of_world(world)
    known = next((each.feed for each in _SERVED if each.is_running and each.feed.log is log), None)
    return known or Feed.of_log(log)


def _prefix() -> str:
    return os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/").rstrip("/") + "/"
