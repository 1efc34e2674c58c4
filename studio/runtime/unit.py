"""The unit of work of a transactional handler: its writes, its events and the handled message's id, in one commit.

Isolation is optimistic: every document that was read by key must still be at the version that was read, else the
commit raises `StorageConflict` and the handler runs again. Documents found by `query` are checked one by one; what a
concurrent commit would have added to the result is not noticed.
"""

from __future__ import annotations

from studio.errors import StorageConflict
from studio.ports import Document, Envelope, Storage, Write

__all__ = ["Unit"]


class Unit:
    """What a handler has read and means to write.

    Args:
        space: The service.
        storage: Where it commits.
    """

    __slots__ = ("_reads", "_space", "_storage", "_writes", "events")

    def __init__(self, space: str, storage: Storage) -> None:
        self._space, self._storage = space, storage
        self._reads: dict[tuple[str, str], Document | None] = {}
        self._writes: dict[tuple[str, str], Write] = {}
        self.events: list[Envelope] = []

    async def get(self, collection: str, key: str) -> Document | None:
        """Return the document as this unit sees it, its own writes included."""
        at = (collection, key)
        written = self._writes.get(at)
        if written is not None:
            return None if written.body is None else Document(key, self._version_after(at), written.body)
        if at not in self._reads:
            self._reads[at] = await self._storage.get(self._space, collection, key)
        return self._reads[at]

    def note(self, collection: str, document: Document) -> None:
        """Remember a document that a query found."""
        self._reads.setdefault((collection, document.key), document)

    def overlay(self, collection: str) -> dict[str, bytes | None]:
        """Return this unit's own writes to a collection, by key; None for deleted."""
        return {key: write.body for (name, key), write in self._writes.items() if name == collection}

    async def write(self, write: Write) -> int:
        """Keep a write for the commit, and return the version that it will have.

        Raises:
            StorageConflict: `expected` does not stand already now.
        """
        at = (write.collection, write.key)
        before = await self.get(*at)
        found = 0 if before is None else before.version
        if write.expected is not None and write.expected != found:
            raise StorageConflict(
                space=self._space, collection=write.collection, key=write.key, expected=write.expected, found=found
            )
        self._writes[at] = write
        return self._version_after(at)

    def commit_of(self, extra: tuple[Write, ...]) -> list[Write]:
        """Return everything to commit: what the corridor adds, checks of what was read, and writes.

        The corridor's come first, since the first that cannot be names the conflict: a message that was handled already
        is to be told from a document that changed.
        """
        writes: list[Write] = [*extra]
        for (collection, key), read in self._reads.items():
            version = 0 if read is None else read.version
            written = self._writes.get((collection, key))
            if written is None:
                writes.append(Write(self._space, collection, key, None, version, only_check=True))
            else:
                writes.append(written._replace(expected=version))
        return writes

    def _version_after(self, at: tuple[str, str]) -> int:
        read = self._reads.get(at)
        return 1 + (0 if read is None else read.version)
