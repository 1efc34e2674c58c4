"""What the machine's event loops can do and a simulated one refuses: threads, sockets, processes, signals.

Each refusal names the port to use instead, since the code that meets it is an author's, or a library that an author
called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableSet
from typing import Any, NoReturn

from studio.errors import PortRequiredError

__all__ = ["RefusingLoop", "refuse_thread"]

_NETWORK = "`service.client(...)` for third parties, or `call`, `publish` and `stream` between services"
_THREAD = "an `async` function, or a plain `def` endpoint, which the simulation suspends by itself"
_PROCESS = "an `%%external` stub that stands for the other program"
_SIGNAL = "a crash or a deploy in the scenario"

_PORTS = {
    "connect_accepted_socket": _NETWORK,
    "create_connection": _NETWORK,
    "create_datagram_endpoint": _NETWORK,
    "create_server": _NETWORK,
    "create_unix_connection": _NETWORK,
    "create_unix_server": _NETWORK,
    "getaddrinfo": _NETWORK,
    "getnameinfo": _NETWORK,
    "sendfile": _NETWORK,
    "sock_accept": _NETWORK,
    "sock_connect": _NETWORK,
    "sock_recv": _NETWORK,
    "sock_recv_into": _NETWORK,
    "sock_recvfrom": _NETWORK,
    "sock_recvfrom_into": _NETWORK,
    "sock_sendall": _NETWORK,
    "sock_sendfile": _NETWORK,
    "sock_sendto": _NETWORK,
    "start_tls": _NETWORK,
    "add_reader": _NETWORK,
    "remove_reader": _NETWORK,
    "add_writer": _NETWORK,
    "remove_writer": _NETWORK,
    "connect_read_pipe": _PROCESS,
    "connect_write_pipe": _PROCESS,
    "subprocess_exec": _PROCESS,
    "subprocess_shell": _PROCESS,
    "add_signal_handler": _SIGNAL,
    "remove_signal_handler": _SIGNAL,
    "set_default_executor": _THREAD,
}


def refuse_thread(call: str) -> NoReturn:
    """Raise the error for a call that wants a thread."""
    raise PortRequiredError(call=call, port=_THREAD)


def _refusal(name: str, port: str) -> Callable[..., Any]:
    def refuse(self: asyncio.AbstractEventLoop, *_arguments: Any, **_options: Any) -> NoReturn:
        raise PortRequiredError(call=f"loop.{name}()", port=port)

    refuse.__name__ = name
    refuse.__doc__ = "Refuse, and name the port to use instead."
    return refuse


class RefusingLoop(asyncio.BaseEventLoop):
    """An event loop without the machine: every call that would reach it raises `PortRequiredError`."""

    # What asyncio's base class has, and the type stubs leave out.
    _asyncgens: MutableSet[Any]
    _asyncgen_firstiter_hook: Callable[[Any], None]
    _check_closed: Callable[[], None]
    _exception_handler: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None
    _thread_id: int | None


for _name, _port in _PORTS.items():
    setattr(RefusingLoop, _name, _refusal(_name, _port))
