"""Refuse sockets and processes to whatever code runs in a world, however deep in a package.

The import hook stops a studio module from importing `socket`; a package that it calls has imported its own long before.
Python's audit events tell of the attempt itself. The guard looks at the calling context only: outside a world, and in
other threads, everything is as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from studio.errors import RefusedCall
from studio.source.ambient import AMBIENT

__all__ = ["REFUSED_EVENTS", "install_guard"]

_CLIENT = "call third parties with service.client(...), which a scenario's %%external answers"
_EXTERNAL = "declare what runs elsewhere with %%external, and reach it through service.client"

REFUSED_EVENTS: Mapping[str, str] = {
    **dict.fromkeys(("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname"), _CLIENT),
    **dict.fromkeys(("socket.gethostbyaddr", "socket.getnameinfo", "socket.sendmsg", "socket.sendto"), _CLIENT),
    **dict.fromkeys(("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile"), _EXTERNAL),
    **dict.fromkeys(("os.kill", "os.killpg", "os.system", "pty.spawn", "subprocess.Popen"), _EXTERNAL),
}
"""Audit event, as Python names it, to what the author uses instead."""

_installed: set[str] = set()


def install_guard() -> None:
    """Watch for refused events from now on; a second call changes nothing.

    Python cannot take an audit hook away, and each audit event of the process (an import, an opened file) costs a tenth
    of a microsecond from here on; so whoever first drives a world calls this, and importing does not.

    Raises:
        RefusedCall: Later, from code in a world that opens a connection or starts a process.
    """
    if not _installed:
        _installed.add("guard")
        sys.addaudithook(_guard)


def _guard(event: str, _arguments: tuple[Any, ...]) -> None:
    # The table first: most events are none of ours, and the look-up is all that they should pay.
    if event in REFUSED_EVENTS and AMBIENT.get() is not None:
        raise RefusedCall(function=event, instead=REFUSED_EVENTS[event])
