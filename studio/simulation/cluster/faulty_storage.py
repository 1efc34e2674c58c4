"""The storage of a world whose plan has faults of the storage: it asks what befalls each read and commit, and complies.

It stands between the processes and the memory that keeps their documents, and only where a plan has such faults. What
the broker and the scenario put there goes past it.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.errors import StorageUnavailable
from studio.ports import ACTING, Document, Write, check_where, fits
from studio.records import DocumentChange
from studio.simulation.cluster.memory import MemoryStorage, Pairs
from studio.simulation.virtual.awaiting import sleep_ns

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.harming.storage_harm import StorageHarm

__all__ = ["FaultyStorage"]


@dataclass(frozen=True, slots=True)
class Past:
    """What stood before one write."""

    at_ns: int
    write: Write
    document: Document | None
    pairs: Pairs


class FaultyStorage:
    """Implement `studio.ports.Storage` on one that never fails, as the weakest that the port permits.

    Args:
        cluster: Whose storage, time and recorder.
        harm: Faults of the storage.
    """

    def __init__(self, cluster: Cluster, harm: StorageHarm) -> None:
        self._storage: MemoryStorage = cluster.storage
        self._loop, self._recorder, self._harm = cluster.loop, cluster.recorder, harm
        self._past: deque[Past] = deque()

    # -- the port ---------------------------------------------------------------------------------------------------

    async def get(self, space: str, collection: str, key: str) -> Document | None:
        """Return the committed document, or None; where the plan has it so, one that was committed before.

        Raises:
            StorageUnavailable: As planned.
        """
        await self._reach(space, collection, key)
        behind_ns = self._harm.behind_ns(space, collection, key)
        if behind_ns is not None:
            return self._as_of(self._loop.now_ns - behind_ns, space, collection).get(key)
        return await self._storage.get(space, collection, key)

    async def find(
        self,
        space: str,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        prefix: str = "",
        limit: int = 1000,
        after: str = "",
    ) -> list[Document]:
        """Return committed documents in the order of their keys; where the plan has it so, as they once stood.

        Raises:
            StorageUnavailable: As planned.
        """
        if where:
            check_where(where)
        await self._reach(space, collection, prefix)
        behind_ns = self._harm.behind_ns(space, collection, prefix)
        if behind_ns is None:
            return await self._storage.find(space, collection, where, prefix=prefix, limit=limit, after=after)
        documents = self._as_of(self._loop.now_ns - behind_ns, space, collection)
        keys = sorted(documents)
        start = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
        found = [documents[key] for key in keys[start:] if key.startswith(prefix)]
        return [each for each in found if not where or fits(json.loads(each.body), where)][:limit]

    async def commit(self, writes: Sequence[Write]) -> tuple[int, ...]:
        """Apply all writes or none, and return the new versions; see `studio.ports.Storage`.

        Raises:
            StorageConflict: Another writer was first; also as planned.
            UniqueViolation: A unique value is taken.
            StorageUnavailable: As planned; the commit may stand all the same.
        """
        if not writes:
            return await self._storage.commit(writes)
        concerned = _of(writes)
        stall_ns = self._harm.stall_ns("commit", *concerned)
        if stall_ns:
            await sleep_ns(stall_ns)
        failure = self._harm.failure("commit", *concerned)
        if failure is not None and not failure.committed:
            raise StorageUnavailable(space=writes[0].space, reason="away, as planned")
        clashing = [write for write in writes if write.expected and write.collection[0] != "$"]
        for write in clashing[:1]:
            if self._harm.clashes(write):
                self._write_again(write)
        before = [(write, *self._storage.standing(write)) for write in writes] if self._harm.kept_ns else ()
        versions = await self._storage.commit(writes)
        self._remember(before)
        if failure is not None:
            self._tell(writes, versions)
            raise StorageUnavailable(space=writes[0].space, reason="the answer to a commit was lost, as planned")
        return versions

    def _tell(self, writes: Sequence[Write], versions: Sequence[int]) -> None:
        """Record what stands although its writer does not learn it, and so cannot record it."""
        record = getattr(ACTING.get(), "record_write", None)
        if record is not None:
            for write, version in zip(writes, versions, strict=True):
                record(write, version)

    # -- what befalls it --------------------------------------------------------------------------------------------

    def since(self, space: str, at_ns: int) -> list[Past]:
        """Return what stood before each write of a space since an instant, the oldest first."""
        return [past for past in self._past if past.write.space == space and past.at_ns >= at_ns]

    def take_back(self, lost: Sequence[Past]) -> None:
        """Let stand again what stood before some writes; they are the latest of their space."""
        for past in reversed(lost):
            self._storage.put_back(past.write, past.document, past.pairs)
            self._record(past.write, past.document)
        gone = {id(past) for past in lost}
        self._past = deque(past for past in self._past if id(past) not in gone)

    async def _reach(self, space: str, collection: str, key: str) -> None:
        """Let a read take its time, or fail."""
        stall_ns = self._harm.stall_ns("read", space, (collection,), key)
        if stall_ns:
            await sleep_ns(stall_ns)
        if self._harm.failure("read", space, (collection,), key) is not None:
            raise StorageUnavailable(space=space, reason="away, as planned")

    def _write_again(self, write: Write) -> None:
        """Write a document that a commit is about to write, as it is: the next version is another writer's."""
        document, pairs = self._storage.standing(write)
        if document is None:
            return
        again = Document(write.key, document.version + 1, document.body)
        self._remember([(write, document, pairs)])
        self._storage.put_back(write, again, pairs)
        self._record(write, again)

    def _remember(self, before: Sequence[tuple[Write, Document | None, Pairs]]) -> None:
        """Keep what stood before writes, for as long as anything of the plan asks for it."""
        now_ns, kept_ns = self._loop.now_ns, self._harm.kept_ns
        if not kept_ns:
            return
        self._past.extend(Past(now_ns, *each) for each in before if not each[0].only_check)
        while self._past and self._past[0].at_ns < now_ns - kept_ns:
            self._past.popleft()

    def _as_of(self, at_ns: int, space: str, collection: str) -> dict[str, Document]:
        """Return a collection's documents as they stood at an instant, as far back as is remembered."""
        documents = dict(self._storage.documents(space, collection))
        for past in reversed(self._past):
            if past.at_ns <= at_ns:
                break
            if (past.write.space, past.write.collection) == (space, collection):
                if past.document is None:
                    documents.pop(past.write.key, None)
                else:
                    documents[past.write.key] = past.document
        return documents

    def _record(self, write: Write, document: Document | None) -> None:
        """Record what stands of an author's document from now on."""
        if self._recorder is not None and write.collection[0] != "$":
            version, body = (0, "") if document is None else (document.version, document.body.decode())
            change = "delete" if document is None else "put"
            self._recorder.write(
                DocumentChange(self._loop.now_ns, write.space, write.collection, write.key, version, change, 0, body)
            )


def _of(writes: Sequence[Write]) -> tuple[str, tuple[str, ...], str]:
    """Return whose commit it is, its collections, and the key that tells it from others."""
    return writes[0].space, tuple(dict.fromkeys(write.collection for write in writes)), writes[0].key
