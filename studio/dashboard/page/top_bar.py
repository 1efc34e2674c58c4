"""The bar on top of the page, as Python sees it: what it shows, and what comes back from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

from studio.dashboard.components.esm import module_of

__all__ = ["TopBar"]


class TopBar(JSComponent):
    """Run, world, tabs, filters, notices and the line at the foot, drawn in the browser.

    Args:
        receive: Called with every message of the browser.
    """

    state: dict[str, Any] = param.Dict(default={}, doc="What changes when somebody acts: tabs, run, filters.")
    clock: dict[str, Any] = param.Dict(default={}, doc="What changes by itself: virtual time, records, states.")
    notices: list[dict[str, str]] = param.List(default=[], doc="Lines in the page.")
    found: list[dict[str, Any]] = param.List(default=[], doc="Runs that the selector lists.")
    exports: list[dict[str, str]] = param.List(default=[], doc="What can be taken away from the shown tab.")

    told: int = param.Integer(default=0, doc="Rounds of news so far; the browser says `heard` once it has drawn one.")

    _esm = module_of(("studio.dashboard.page", "top_bar_parts.js"), ("studio.dashboard.page", "top_bar.js"))

    def __init__(self, receive: Callable[[Any], None], **params: Any) -> None:
        self._receive = receive
        super().__init__(width=0, height=0, margin=0, **params)  # type: ignore[no-untyped-call]  # Panel says nothing of it

    def _handle_msg(self, data: Any) -> None:
        self._receive(data)

    def tell_browser(self, message: dict[str, Any]) -> None:
        """Send the browser something that is not a state."""
        self._send_msg(message)
