"""Show passing events to whoever is listening: nothing is stored, and a slow listener misses the oldest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from weakref import WeakSet

from studio.address import Address, matches, parse, pattern
from studio.ports import Envelope

__all__ = ["Broadcast"]


class _Listener(AsyncIterator[Envelope]):
    """One iteration over the events that pass, from its making on."""

    __slots__ = ("__weakref__", "_events", "_is_over", "_news", "_pattern")

    def __init__(self, address: str, behind: int) -> None:
        self._pattern = pattern(address)
        self._events: deque[Envelope] = deque(maxlen=behind)
        self._news = asyncio.Event()
        self._is_over = False

    def hear(self, address: Address, envelope: Envelope) -> None:
        if matches(self._pattern, address):
            self._events.append(envelope)
            self._news.set()

    def end(self) -> None:
        self._is_over = True
        self._news.set()

    async def __anext__(self) -> Envelope:
        while not self._events:
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    async def aclose(self) -> None:
        """End the iteration, as that of a generator."""
        self._events.clear()
        self.end()


class Broadcast:
    """Keep the listeners; one that nobody holds any more is gone.

    Args:
        behind: Events that a listener may be behind before it misses the oldest.
    """

    __slots__ = ("_behind", "_is_closed", "_listeners")

    def __init__(self, *, behind: int = 1000) -> None:
        self._behind, self._is_closed = behind, False
        self._listeners: WeakSet[_Listener] = WeakSet()

    def listen(self, address: str) -> AsyncIterator[Envelope]:
        """Return an iterator over the events of an address or pattern, from this moment on."""
        listener = _Listener(address, self._behind)
        if self._is_closed:
            listener.end()
        self._listeners.add(listener)
        return listener

    def send(self, envelope: Envelope) -> None:
        """Show an event to those who listen for its address."""
        if self._listeners:
            address = parse(envelope.address)
            for listener in tuple(self._listeners):
                listener.hear(address, envelope)

    def close(self) -> None:
        """End every iteration, after what it has not yet seen."""
        self._is_closed = True
        for listener in tuple(self._listeners):
            listener.end()
