"""Follow a run's documents as it goes on: what stands in each collection, folded from the changes that were committed.

For a collection of a run that goes on this answers in a fraction of what a query takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.store.columns import rendered
from studio.store.shelf import Shelf

if TYPE_CHECKING:
    import polars as pl

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

    def bodies(self, service: str, collection: str, written: int | None) -> list[str]:
        """Return the documents of a collection as JSON, by key.

        Args:
            service: Whose collection.
            collection: Its name.
            written: How many records the run has by now; None where it has ended.
        """
        if written is None or written > self._next:
            found = self._shelf.read(self._run, {"documents": self._next})
            self._take(rendered("documents", found.frames["documents"], found.names))
            self._next = found.records
        return [body for _, body in sorted(self._bodies.get((service, collection), {}).items())]

    def _take(self, changes: pl.DataFrame) -> None:
        for service, collection, key, change, body in changes.select(_COLUMNS).iter_rows():
            documents = self._bodies.setdefault((service, collection), {})
            if change == "delete":
                documents.pop(key, None)
            else:
                documents[key] = body
