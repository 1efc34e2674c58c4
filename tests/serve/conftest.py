"""What tests of the real engine share: a clock that is turned by hand."""

from __future__ import annotations

import asyncio
import heapq

import pytest


class ManualClock:
    """The port Clock; nothing moves unless `advance` is awaited."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._ordinal = 0

    def now_ns(self) -> int:
        return self._now_ns

    async def sleep_ns(self, delay_ns: int) -> None:
        if delay_ns <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        self._ordinal += 1
        heapq.heappush(self._waiting, (self._now_ns + delay_ns, self._ordinal, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything run that becomes due, in order."""
        end_ns = self._now_ns + round(seconds * 10**9)
        await self.settle()
        while self._waiting and self._waiting[0][0] <= end_ns:
            self._now_ns, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
                await self.settle()
        self._now_ns = end_ns
        await self.settle()

    @staticmethod
    async def settle() -> None:
        """Let everything run that can without time passing."""
        for _ in range(30):
            await asyncio.sleep(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(10**18)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
