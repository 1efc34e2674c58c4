"""Services that listen, refuse and take their time, for worlds under each delivery model."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

LISTENER = """
%%service Listener{line}
import asyncio
@service.on($.Thing.made{options})
async def hear(thing: Thing) -> None:
    log.info("began " + thing.id)
    {body}
    log.info("ended " + thing.id)
"""

RELAY = """
%%service Relay
@service.operation($.Relay.go, transactional=True, timeout="10m")
async def go(thing: Thing) -> None:
    await publish($.Thing.made, thing)
"""


@pytest.fixture
def listener() -> Callable[..., str]:
    """Return what writes a service that handles `Thing.made`: its line's options, its promises, its body."""

    def write(body: str = "pass", options: str = "", line: str = "") -> str:
        return dedent(LISTENER).format(body=body, options=options, line=line)

    return write


@pytest.fixture
def relay() -> str:
    """Return a service that publishes by its outbox."""
    return RELAY
