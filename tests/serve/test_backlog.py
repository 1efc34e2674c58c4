"""The window over a consumer's stored events: nothing is lost or doubled however reads and publishings interleave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ports import Document, Envelope
from studio.serve.backlog import Backlog, Parcel
from studio.simulation.cluster.memory import MemoryStorage

pytestmark = pytest.mark.anyio


class Slow(MemoryStorage):
    """A storage whose searches answer with what stood when they began, once they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()

    async def find(self, *arguments: Any, **options: Any) -> list[Document]:
        found = await super().find(*arguments, **options)
        await self.goes_on.wait()
        return found


def parcel(at: int) -> Parcel:
    return Parcel(f"{at:03}", Envelope(at, "event", "Order.created", b"", ""))


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Play:
    """Publishings and one taker, a step at a time."""

    def __init__(self, order: list[int], window: int) -> None:
        self.storage = Slow()
        self.backlog = Backlog(self.storage, "c", window=window)
        self.waiting, self.committed = [parcel(at) for at in order], list[Parcel]()
        self.taken: list[str] = []
        self.taker = asyncio.create_task(self.backlog.take())

    async def step(self, name: str) -> None:
        if name == "commit" and self.waiting:
            await self.storage.commit([self.waiting[0].write("c")])
            self.committed.append(self.waiting.pop(0))
        elif name == "offer" and self.committed:
            self.backlog.offer(self.committed.pop(0))
        elif name == "answer":
            self.storage.goes_on.set()
            await asyncio.sleep(0)
            self.storage.goes_on.clear()
        elif name == "take" and self.taker.done():
            self.taken.append(self.taker.result().key)
            self.taker = asyncio.create_task(self.backlog.take())
        await settle()

    async def end(self) -> list[str]:
        for name in ["commit", "offer"] * len(self.waiting) + ["offer"] * len(self.committed):
            await self.step(name)
        self.storage.goes_on.set()
        await settle()
        while self.taker.done():
            await self.step("take")
        self.taker.cancel()
        return self.taken


# What happens, in order: a publishing commits, or the one that committed is offered, or reads get their answer.
STEPS = st.lists(st.sampled_from(["commit", "offer", "answer", "take"]), max_size=30)


@given(STEPS, st.permutations(range(12)), st.integers(1, 4))
def test_each_stored_event_is_handed_out_once(steps: list[str], order: list[int], window: int) -> None:
    async def played() -> list[str]:
        play = Play(order, window)
        for name in steps:
            await play.step(name)
        return await play.end()

    assert sorted(asyncio.run(played())) == [f"{at:03}" for at in range(12)]


async def test_an_event_that_comes_while_the_storage_is_read_is_not_lost() -> None:
    storage = Slow()
    backlog = Backlog(storage, "c")
    taker = asyncio.create_task(backlog.take())
    await asyncio.sleep(0)
    await storage.commit([parcel(1).write("c")])
    backlog.offer(parcel(1))
    storage.goes_on.set()
    assert (await asyncio.wait_for(taker, 1)).key == "001"
