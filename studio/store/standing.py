"""Follow a run's documents as it goes on: what stands in each collection, folded from the changes that were committed.

For a collection of a run that goes on this answers in a fraction of what a query takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from studio.records import DocumentChange, Record
from studio.store.columns import rendered
from studio.store.shelf import Shelf

__all__ = ["Standing"]

_COLUMNS = ("service", "collection", "key", "change", "body")


class Standing:
    """What stands in the collections of one run.

    Args:
        shelf: Where the run is.
        run: Its number there.
    """

    __slots__ = ("_bodies", "_next", "_run", "_shelf")

    def __init__(self, shelf: Shelf, run: int) -> None:
        self._shelf, self._run = shelf, run
        self._bodies: dict[tuple[str, str], dict[str, str]] = {}
        self._next = 0

    @property
    def seen(self) -> int:
        """How many records of the run have been looked at."""
        return self._next

    def bodies(self, service: str, collection: str) -> list[str]:
        """Return the documents of a collection as JSON, by key, as far as records have been looked at."""
        return [body for _, body in sorted(self._bodies.get((service, collection), {}).items())]

    def take(self, records: Sequence[Record]) -> None:
        """Look at the records that follow those seen, which are not on the shelf yet."""
        self._fold(
            (each.service, each.collection, each.key, each.change, each.body)
            for each in records
            if type(each) is DocumentChange
        )
        self._next += len(records)

    def catch_up(self) -> None:
        """Look at all that is on the shelf."""
        found = self._shelf.read(self._run, {"documents": self._next})
        self._fold(rendered("documents", found.frames["documents"], found.names).select(_COLUMNS).iter_rows())
        self._next = found.records

    def _fold(self, changes: Iterable[tuple[str, str, str, str, str]]) -> None:
        for service, collection, key, change, body in changes:
            documents = self._bodies.setdefault((service, collection), {})
            if change == "delete":
                documents.pop(key, None)
            else:
                documents[key] = body
