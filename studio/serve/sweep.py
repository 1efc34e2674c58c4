"""Forget what nobody asks for any more: expired answers, handled events of long ago, journals of finished sagas.

Without this a file grows with every message for ever. What an operator may want to see stays: instances of sagas and
dead letters. A crash in mid-sweep leaves the rest to the next one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import groupby

from studio.errors import StorageConflict, StorageUnavailable
from studio.graph.build import Graph
from studio.model.duration import SECOND_NS
from studio.ports import Clock, Document, Storage, Write
from studio.runtime.answers import ANSWERS, INBOX
from studio.runtime.saga.journal import INSTANCES, JOURNAL, SagaInstance
from studio.serve.backlog import BUS
from studio.serve.grace import end_within

__all__ = ["Sweep"]

FIRST_NS = 60 * SECOND_NS
EVERY_NS = 3600 * SECOND_NS
KEPT_NS = 7 * 24 * 3600 * SECOND_NS
"""How long a handled event is remembered, and the journal of a finished instance is kept."""
_PAGE = 500
_FINISHED = frozenset({"completed", "compensated", "abandoned"})


class Sweep:
    """Sweep a storage every hour, a page at a time.

    An answer goes when its operation's window is over. A handled event is remembered for `kept_ns`, and longer while it
    may be delivered again; one that is published again after that, by a process that lay idle for so long, is handled
    again. Entries of a journal go `kept_ns` after the last of them, once their instance has finished.

    Args:
        graph: Whose services and sagas.
        storage: What is swept.
        clock: Nanoseconds since the epoch.
        kept_ns: As above.
    """

    def __init__(self, graph: Graph, storage: Storage, clock: Clock, *, kept_ns: int = KEPT_NS) -> None:
        self._graph, self._storage, self._clock, self._kept_ns = graph, storage, clock, kept_ns
        self._sweeping: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, a minute from now."""
        self._sweeping = [asyncio.create_task(self._run())]

    async def stop(self) -> None:
        """End at once."""
        await end_within(self._sweeping, self._clock, 0)

    async def _run(self) -> None:
        await self._clock.sleep_ns(FIRST_NS)
        while True:
            await self.once()
            await self._clock.sleep_ns(EVERY_NS)

    async def once(self) -> int:
        """Sweep everything, and return how many documents went; a storage that goes away ends it."""
        gone = 0
        try:
            for service in self._graph.services.values():
                gone += await self._answers(service.name)
                gone += await self._inbox(service.name)
            for saga in self._graph.sagas.values():
                gone += await self._journals(saga.name)
        except StorageUnavailable:
            return gone
        return gone

    async def _answers(self, service: str) -> int:
        now_ns, gone = self._clock.now_ns(), 0
        operations = self._graph.services[service].operations
        async for page in self._pages(service, ANSWERS):
            old = []
            for document in page:
                operation = operations.get(document.key.partition("/")[0])
                window_ns = self._kept_ns if operation is None else operation.window_ns
                if _at_ns(document) + window_ns < now_ns:
                    old.append(document)
            gone += await self._forget(service, ANSWERS, old)
        return gone

    async def _inbox(self, service: str) -> int:
        now_ns, gone, waiting = self._clock.now_ns(), 0, await self._waiting(service)
        async for page in self._pages(service, INBOX):
            old = [each for each in page if _at_ns(each) + self._kept_ns < now_ns and each.key not in waiting]
            gone += await self._forget(service, INBOX, old)
        return gone

    async def _waiting(self, service: str) -> set[str]:
        """Return the inbox keys of events that are still to be delivered."""
        found = set()
        for subscription in self._graph.services[service].subscriptions:
            async for page in self._pages(BUS, f"{service}.{subscription.name}"):
                messages = (int(document.key.rpartition("-")[2], 16) for document in page)
                found |= {f"{subscription.name}/{message}" for message in messages}
        return found

    async def _journals(self, saga: str) -> int:
        """Forget the journals of a saga's finished instances."""
        gone, before = 0, self._clock.now_ns() - self._kept_ns
        async for instance, entries in self._entries(saga):
            if _at_ns(entries[-1]) < before and await self._is_finished(saga, instance):
                gone += await self._forget(saga, JOURNAL, entries)
        return gone

    async def _entries(self, saga: str) -> AsyncIterator[tuple[str, list[Document]]]:
        """Yield each instance that has a journal, with its entries."""
        last: tuple[str, list[Document]] = ("", [])
        async for page in self._pages(saga, JOURNAL):
            for instance, entries in groupby(page, key=lambda document: document.key.rpartition("/")[0]):
                if instance == last[0]:
                    last[1].extend(entries)
                    continue
                if last[1]:
                    yield last
                last = (instance, list(entries))
        if last[1]:
            yield last

    async def _is_finished(self, saga: str, instance: str) -> bool:
        document = await self._storage.get(saga, INSTANCES, instance)
        return document is None or SagaInstance.decode(document.body).state in _FINISHED

    async def _pages(self, space: str, collection: str) -> AsyncIterator[list[Document]]:
        after = ""
        while page := await self._storage.find(space, collection, limit=_PAGE, after=after):
            yield page
            after = page[-1].key

    async def _forget(self, space: str, collection: str, documents: list[Document]) -> int:
        """Delete documents, unless one of them has been written meanwhile: then all stay until the next sweep."""
        writes = [Write(space, collection, each.key, None, each.version) for each in documents]
        try:
            await self._storage.commit(writes)
        except StorageConflict:
            return 0
        return len(writes)


def _at_ns(document: Document) -> int:
    return int(json.loads(document.body).get("at_ns", _ALWAYS))


_ALWAYS = 1 << 62  # of unknown age, and so never old
