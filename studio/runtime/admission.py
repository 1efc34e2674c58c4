"""Admit messages to a replica: so many at once, so many waiting, the rest refused."""

from __future__ import annotations

import asyncio
from collections import deque

from studio.errors import Overloaded

__all__ = ["Admission"]


class Admission:
    """The bounds of one replica: first come, first served.

    Args:
        service: For the error.
        concurrency: Handled at once; 0 for no bound.
        queue: Waiting at most.
    """

    __slots__ = ("_concurrency", "_queue", "_running", "_service", "_waiting")

    def __init__(self, service: str, concurrency: int, queue: int) -> None:
        self._service, self._concurrency, self._queue = service, concurrency, queue
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_bounded(self) -> bool:
        """Whether anybody can be made to wait."""
        return self._concurrency > 0

    async def enter(self) -> None:
        """Wait for a place.

        Raises:
            Overloaded: The queue is full; nothing has run.
        """
        if self._running < self._concurrency:
            self._running += 1
            return
        if len(self._waiting) >= self._queue:
            raise Overloaded(service=self._service, running=self._running, waiting=len(self._waiting))
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except BaseException:
            if place.done() and not place.cancelled():
                self.leave()
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def leave(self) -> None:
        """Give the place to who has waited longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._running -= 1
