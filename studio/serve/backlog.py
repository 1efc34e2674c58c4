"""Keep the events that one consumer has not acknowledged: all in the storage, the next of them at hand.

Memory holds a window of them; what lies beyond is read when the window runs low. Keys grow with the time of publishing,
but commits may overtake each other, so a key can come to light after later ones were read: it is then offered singly.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field

from studio.ports import Document, Envelope, Storage, Verdict, Write, decode_envelope, encode_envelope

__all__ = ["BUS", "Backlog", "Parcel"]

BUS = "$bus"
"""The storage's space in which the bus keeps what it has not delivered."""


@dataclass(slots=True, eq=False)
class Parcel:
    """An event on its way to one consumer.

    Attributes:
        key: Of its document, in the order of publishing.
        envelope: The event.
        attempts: Deliveries begun, counted before each, so that one that kills the process counts too.
        due_ns: Earliest next delivery.
        reason: Why the last one was refused.
        running: Deliveries whose handlers have not returned, with their attempt.
    """

    key: str
    envelope: Envelope
    attempts: int = 0
    due_ns: int = 0
    reason: str = ""
    running: dict[asyncio.Task[Verdict], int] = field(default_factory=dict)

    def write(self, collection: str) -> Write:
        """Return the write that stores it as it is now."""
        # The envelope is JSON already; it is set in as it is, which also keeps its bytes.
        body = b'{"attempts":%d,"due_ns":%d,"envelope":%s}' % (
            self.attempts,
            self.due_ns,
            encode_envelope(self.envelope),
        )
        return Write(BUS, collection, self.key, body)


def _stored(document: Document) -> Parcel:
    told = json.loads(document.body)
    envelope = decode_envelope(json.dumps(told["envelope"]))
    return Parcel(document.key, envelope, told["attempts"], told["due_ns"])


class Backlog:
    """Hand out one consumer's events, earliest first.

    Args:
        storage: Where they are kept.
        collection: The consumer's, within the bus's space.
        window: Most events at hand; also how many are read at once.
    """

    __slots__ = ("_at_hand", "_cursor", "_has_more", "_is_reading", "_known", "_late", "_news", "_storage", "_window",
                 "collection")  # fmt: skip

    def __init__(self, storage: Storage, collection: str, *, window: int = 1000) -> None:
        self.collection = collection
        self._storage, self._window = storage, window
        self._at_hand: deque[Parcel] = deque()
        self._known: set[str] = set()  # at hand or taken, and not settled
        self._cursor = ""  # the greatest key that was ever at hand
        self._has_more = True  # beyond the cursor, in the storage
        self._is_reading = False
        self._late: list[Parcel] = []  # offered while the storage was read
        self._news = asyncio.Event()

    def offer(self, parcel: Parcel) -> None:
        """Take notice of an event that has just been stored."""
        if self._is_reading:
            self._late.append(parcel)
            return
        is_beyond = parcel.key > self._cursor
        if parcel.key in self._known or (is_beyond and self._has_more):
            return  # at hand already, or will be read in its turn
        if is_beyond and len(self._at_hand) >= self._window:
            self._has_more = True
            return
        self._add(parcel)

    async def take(self) -> Parcel:
        """Return the next event, as soon as there is one.

        Raises:
            StorageUnavailable: The storage could not be read; nothing is lost, take again.
        """
        while not self._at_hand:
            self._news.clear()
            if self._has_more:
                await self._read()
            else:
                await self._news.wait()
        return self._at_hand.popleft()

    def settle(self, parcel: Parcel) -> None:
        """Forget an event that was taken; what became of its document is the taker's affair."""
        self._known.discard(parcel.key)

    async def _read(self) -> None:
        self._is_reading = True
        try:
            page = await self._storage.find(BUS, self.collection, limit=self._window, after=self._cursor)
            self._has_more = len(page) == self._window
            for document in page:
                self._add(_stored(document))
        finally:
            self._is_reading = False
            late, self._late = self._late, []
            for parcel in late:
                self.offer(parcel)

    def _add(self, parcel: Parcel) -> None:
        if parcel.key not in self._known:
            self._known.add(parcel.key)
            self._at_hand.append(parcel)
            self._cursor = max(self._cursor, parcel.key)
            self._news.set()
