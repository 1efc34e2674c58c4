"""The bus on the machine's own clock and disk: what was published outlasts the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio.ports import Envelope, Reply, Verdict
from studio.serve.bus import LocalBus
from studio.serve.courier import Consumer, Post
from studio.serve.sqlite import SqliteStorage
from studio.serve.walltime import WallClock

pytestmark = pytest.mark.anyio


async def answer(owner: str, envelope: Envelope) -> Reply:
    return Reply("ok", b"")


async def test_every_event_is_delivered_though_the_bus_stops_in_between(tmp_path: Path) -> None:
    seen: list[int] = []
    half, whole = asyncio.Event(), asyncio.Event()

    async def deliver(owner: str, subscription: str, envelope: Envelope, attempt: int) -> Verdict:
        seen.append(envelope.message)
        half.set() if len(seen) == 20 else None
        whole.set() if len(set(seen)) == 60 else None
        return Verdict("acknowledged")

    consumers = [Consumer("Shop", "sell", ("Order.created",), in_flight=8)]
    async with SqliteStorage(tmp_path / "studio.sqlite") as storage:
        post = Post(storage, WallClock(), deliver, backoff_ns=(1_000_000,))
        for is_over in (half, whole):
            bus = LocalBus(post, answer, owners={}, consumers=consumers)
            await bus.start()
            if is_over is half:
                await asyncio.gather(
                    *(bus.publish(Envelope(at, "event", "Order.created", b"", "")) for at in range(60))
                )
            await asyncio.wait_for(is_over.wait(), 10)
            await bus.stop(10**9)
        assert await storage.find("$bus", "Shop.sell") == []
    assert sorted(set(seen)) == list(range(60))
