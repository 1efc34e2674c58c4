"""Test that code in a world reaches neither the network nor another process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest

from studio.errors import RefusedCall
from studio.source.guard import install_guard

NOWHERE = ("127.0.0.1", 9)


def _connect() -> None:
    with socket.socket() as made:
        made.connect(NOWHERE)


def _send() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.sendto(b"", NOWHERE)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "socket.connect": _connect,
    "socket.sendto": _send,
    "socket.getaddrinfo": lambda: socket.getaddrinfo("localhost", 80),
    "subprocess.Popen": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "os.system": lambda: os.system(""),  # noqa: S605 - it never runs
    "os.fork": os.fork,
}


@pytest.mark.parametrize("event", sorted(ATTEMPTS))
@pytest.mark.usefixtures("world")
def test_reaching_outside_is_refused_in_a_world(event: str) -> None:
    install_guard()
    with pytest.raises(RefusedCall, match=rf"STU241: call={event} "):
        ATTEMPTS[event]()


@pytest.mark.usefixtures("world")
def test_a_package_that_opens_sockets_is_refused_too() -> None:
    install_guard()
    with pytest.raises(RefusedCall):
        urllib.request.urlopen("http://127.0.0.1:9/")


def test_outside_a_world_everything_is_as_it_was() -> None:
    install_guard()
    install_guard()
    assert socket.getaddrinfo("127.0.0.1", 80)
