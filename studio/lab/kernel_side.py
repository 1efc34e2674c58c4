"""Answer the browser's side over a comm: the inventory whenever it has changed, and the dashboard's address.

A browser may ask while a cell runs, on a thread of the kernel's own; so everything sent is made under a lock, from
values. Nothing here raises into the kernel: what goes wrong is sent, and shown where it was asked for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from studio.lab.dashboard_link import dashboard_url
from studio.lab.inventory import Inventories
from studio.lab.whereabouts import Values
from studio.notebook.extension import session_of
from studio.simulation.current import latest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from studio.notebook.session import Session

__all__ = ["TARGET", "KernelSide", "attach", "detach"]

TARGET: Final = "studio.lab"
COMMS_MAX: Final = 8
"""Browsers that look at one kernel at once; the oldest is let go."""
_ATTRIBUTE = "_studio_lab"
_LOGGER = logging.getLogger(__name__)


def attach(shell: InteractiveShell) -> None:
    """Let browsers ask about a shell's session; nothing happens in a terminal, which has no comms, or when they can."""
    manager = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    session = session_of(shell)
    if manager is None or session is None or hasattr(shell, _ATTRIBUTE):
        return
    side = KernelSide(session)
    setattr(shell, _ATTRIBUTE, side)
    manager.register_target(TARGET, side.opened)
    shell.events.register("post_run_cell", side.cell_ended)
    session.revisits.on_verdict = side.tell_soon


def detach(shell: InteractiveShell) -> None:
    """End that again, and tell the browsers."""
    side: KernelSide | None = getattr(shell, _ATTRIBUTE, None)
    if side is None:
        return
    delattr(shell, _ATTRIBUTE)
    kernel: Any = shell
    kernel.kernel.comm_manager.unregister_target(TARGET, side.opened)
    shell.events.unregister("post_run_cell", side.cell_ended)
    side.close()


class KernelSide:
    """One kernel's side of all comms that browsers have opened.

    Args:
        session: Of the notebook.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._inventories = Inventories(session)
        self._comms: dict[str, Any] = {}
        self._last = ""
        self._lock = threading.RLock()

    def opened(self, comm: Any, _: object) -> None:
        """Take a new comm on, and send the inventory over it."""
        comm.on_msg(lambda message: self._answer(comm, message))
        comm.on_close(lambda _: self._comms.pop(comm.comm_id, None))
        with self._lock:
            self._comms[comm.comm_id] = comm
            while len(self._comms) > COMMS_MAX:
                self._comms.pop(next(iter(self._comms))).close()
        self._try(comm, lambda: comm.send(self._inventory()))

    def cell_ended(self, result: Any) -> None:
        """Note what a cell gave, and tell all browsers if anything is another than before; an IPython callback."""
        results = (*self._session.answered, getattr(result, "result", None), latest())
        try:
            with self._lock:
                self._inventories.outcomes.note(results, self._session.system)
        except Exception as error:  # noqa: BLE001 - such as a log that was taken away; the cell has nothing to do with it
            _LOGGER.debug("what came of a cell cannot be told: %s", error)
        self.tell_soon()

    def tell_soon(self) -> None:
        """Tell all browsers in the loop's next turn, so that the cell's own answer is not kept waiting."""
        if not self._comms:
            return
        try:
            asyncio.get_running_loop().call_soon(self._tell)
        except RuntimeError:
            self._tell()

    def close(self) -> None:
        """Let all browsers go."""
        with self._lock:
            comms, self._comms = list(self._comms.values()), {}
        for comm in comms:
            comm.close()

    def _tell(self) -> None:
        with self._lock:
            comms = list(self._comms.values())
        for comm in comms[:1]:
            self._try(comm, self._tell_if_new)

    def _tell_if_new(self) -> None:
        told = self._inventory()
        text = json.dumps(told, sort_keys=True, default=str)
        with self._lock:
            is_new, self._last = text != self._last, text
            comms = list(self._comms.values()) if is_new else []
        for comm in comms:
            comm.send(told)

    def _inventory(self) -> Values:
        with self._lock:
            return {"kind": "inventory", "inventory": self._inventories.make()}

    def _dashboard(self, asked: Values) -> Values:
        given = {name: str(asked.get(name) or "") for name in ("theme", "host", "origin")}
        return {"kind": "dashboard", "url": dashboard_url(**given)}

    def _answer(self, comm: Any, message: Any) -> None:
        data = message.get("content", {}).get("data", {})
        answers: dict[str, Callable[[], Values]] = {
            "inventory": self._inventory,
            "dashboard": lambda: self._dashboard(data),
        }
        asked = str(data.get("ask", ""))
        if asked in answers:
            self._try(comm, lambda: comm.send(answers[asked]()), asked=asked)

    def _try(self, comm: Any, act: Callable[[], object], *, asked: str = "inventory") -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - nobody reads a kernel's log; a sidebar is read
            comm.send({"kind": "problem", "ask": asked, "text": str(error) or type(error).__name__})
