"""Keep documents in memory, as a disk that survives the crash of every service: the Storage of a simulated world.

It belongs to the world, not to an incarnation. It never misbehaves by itself: storage errors, stalls, conflicts and
stale reads are faults, applied by what wraps it. Nothing here awaits, so a commit is atomic whatever is cancelled
around it.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from studio.errors import StorageConflict, UniqueViolation
from studio.ports import Document, Write, check_where, fits

__all__ = ["MemoryStorage", "Snapshot"]

Place = tuple[str, str]
Pairs = tuple[tuple[str, str], ...]


class Snapshot(NamedTuple):
    """A storage's committed state at one moment; holds the documents themselves, which nobody changes."""

    documents: dict[Place, dict[str, Document]]
    holders: dict[tuple[str, str, str], dict[str, str]]
    held: dict[tuple[str, str, str], Pairs]


class MemoryStorage:
    """Implement `studio.ports.Storage` on dicts."""

    __slots__ = ("_documents", "_held", "_holders", "_order")

    def __init__(self) -> None:
        self._documents: dict[Place, dict[str, Document]] = {}
        self._holders: dict[tuple[str, str, str], dict[str, str]] = {}  # (space, collection, index) → value → key
        self._held: dict[tuple[str, str, str], Pairs] = {}  # (space, collection, key) → its unique pairs
        self._order: dict[Place, list[str]] = {}  # sorted keys, forgotten when a key comes or goes

    async def get(self, space: str, collection: str, key: str) -> Document | None:
        """Return the committed document, or None."""
        documents = self._documents.get((space, collection))
        return None if documents is None else documents.get(key)

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
        """Return committed documents in the order of their keys; see `studio.ports.Storage`."""
        if where:
            check_where(where)
        documents = self._documents.get((space, collection), {})
        keys = self._sorted(space, collection)
        at = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
        found: list[Document] = []
        while at < len(keys) and len(found) < limit and keys[at].startswith(prefix):
            document = documents[keys[at]]
            if not where or fits(_decoded(document.body), where):
                found.append(document)
            at += 1
        return found

    async def commit(self, writes: Sequence[Write]) -> tuple[int, ...]:
        """Apply all writes or none, and return the new versions; see `studio.ports.Storage`."""
        if len(writes) == 1:  # a write that fails has changed nothing yet, so one alone needs no way back
            return (self._apply(writes[0]),)
        done: list[tuple[Write, Document | None, Pairs]] = []
        versions: list[int] = []
        try:
            for write in writes:
                step = (write, *self.standing(write))
                versions.append(self._apply(write))
                done.append(step)
        except (StorageConflict, UniqueViolation):
            for write, document, pairs in reversed(done):
                self.put_back(write, document, pairs)
            raise
        return tuple(versions)

    def documents(self, space: str, collection: str) -> dict[str, Document]:
        """Return a collection's committed documents by key; not to be changed."""
        return self._documents.get((space, collection), {})

    def snapshot(self) -> Snapshot:
        """Copy the committed state, for `restore`; documents are shared, not copied."""
        return Snapshot(
            {place: dict(documents) for place, documents in self._documents.items()},
            {index: dict(values) for index, values in self._holders.items()},
            dict(self._held),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state; the snapshot can be restored again."""
        self._documents = {place: dict(documents) for place, documents in snapshot.documents.items()}
        self._holders = {index: dict(values) for index, values in snapshot.holders.items()}
        self._held = dict(snapshot.held)
        self._order.clear()

    def _sorted(self, space: str, collection: str) -> list[str]:
        place = (space, collection)
        keys = self._order.get(place)
        if keys is None:
            keys = self._order[place] = sorted(self._documents.get(place, ()))
        return keys

    def standing(self, write: Write) -> tuple[Document | None, Pairs]:
        """Return what stands where a write goes: the document, and its unique values."""
        documents = self._documents.get((write.space, write.collection))
        pairs = self._held.get((write.space, write.collection, write.key), ())
        return (None if documents is None else documents.get(write.key)), pairs

    def _apply(self, write: Write) -> int:
        space, collection, key, body, expected, unique, only_check = write
        documents = self._documents.get((space, collection))
        found = None if documents is None else documents.get(key)
        version = 0 if found is None else found.version
        if expected is not None and expected != version:
            raise StorageConflict(space=space, collection=collection, key=key, expected=expected, found=version)
        if only_check:
            return 0
        if body is None:
            if found is not None:
                self.put_back(write, None, ())
            return 0
        if unique:
            self._check_unique(write)
        document = Document(key, version + 1, body)
        if found is not None and not unique and (space, collection, key) not in self._held:
            documents[key] = document  # type: ignore[index]  # it was found there
        else:
            self.put_back(write, document, unique)
        return version + 1

    def _check_unique(self, write: Write) -> None:
        for index, value in write.unique:
            holder = self._holders.get((write.space, write.collection, index), {}).get(value, write.key)
            if holder != write.key:
                raise UniqueViolation(
                    space=write.space, collection=write.collection, key=write.key, index=index, value=value
                )

    def put_back(self, write: Write, document: Document | None, pairs: Pairs) -> None:
        """Let a document stand where a write went, at whatever version; None for none."""
        space, collection, key = write.space, write.collection, write.key
        documents = self._documents.setdefault((space, collection), {})
        if (document is None) == (key in documents):
            self._order.pop((space, collection), None)
        if document is None:
            documents.pop(key, None)
        else:
            documents[key] = document
        if pairs or (space, collection, key) in self._held:
            self._hold((space, collection, key), pairs)

    def _hold(self, at: tuple[str, str, str], pairs: Pairs) -> None:
        space, collection, key = at
        for index, value in self._held.pop(at, ()):
            self._holders[space, collection, index].pop(value, None)
        for index, value in pairs:
            self._holders.setdefault((space, collection, index), {})[value] = key
        if pairs:
            self._held[at] = pairs


@lru_cache(maxsize=16_384)
def _decoded(body: bytes) -> Any:
    # Handlers query the same documents again and again; nobody gets hold of the decoded value, so nobody changes it.
    return json.loads(body)
