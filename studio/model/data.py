"""Declare a service's own data: collections of documents, each of one contract, by key.

Writes happen as the handler makes them, each its own commit, and a crash can fall between any two; in a handler
declared `transactional=True` they commit together with its events and the handled message, or not at all.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from studio.contract import type_name
from studio.errors import InvalidDeclaration
from studio.model.verbs import acting

__all__ = ["Collection"]

Value = TypeVar("Value")


class Collection(Generic[Value]):
    """A collection that one service owns; no other service can touch it.

    Args:
        service: Owner's name.
        name: Of the collection.
        contract: Of its documents.
        key: Field that identifies a document.
        unique: Fields of which no two documents may share a value.
    """

    __slots__ = ("contract", "key", "name", "service", "unique")

    def __init__(
        self, service: str, name: str, contract: type[Value], *, key: str, unique: tuple[str, ...] = ()
    ) -> None:
        self.service, self.name, self.contract, self.key, self.unique = service, name, contract, key, unique
        fields = getattr(contract, "model_fields", {})
        for field in (key, *unique):
            if field not in fields:
                raise InvalidDeclaration(
                    what=f"collection={service}.{name}",
                    reason=f"{type_name(contract)} has no field {field!r}",
                    remedy_text=f"Name one of its fields: {', '.join(sorted(fields)) or 'it is no contract'}.",
                )

    def __repr__(self) -> str:
        return f"Collection({self.service}.{self.name}: {type_name(self.contract)} by {self.key})"

    async def get(self, key: str) -> Value | None:
        """Return the document, or None."""
        found = await acting("get").get(self.name, str(key))
        return None if found is None else found[0]

    async def get_versioned(self, key: str) -> tuple[Value, int] | None:
        """Return the document and its version, for `put(expected_version=…)`; or None."""
        return await acting("get").get(self.name, str(key))

    async def insert(self, value: Value) -> int:
        """Add a document and return its version, 1.

        Raises:
            StorageConflict: The key exists.
            UniqueViolation: A unique value is taken.
        """
        return await self._write(value, expected=0)

    async def put(self, value: Value, *, expected_version: int | None = None) -> int:
        """Write a document, new or not, and return its version.

        Args:
            value: The whole document.
            expected_version: Version that must stand; None overwrites whatever stands.

        Raises:
            StorageConflict: Another version stands.
            UniqueViolation: A unique value is taken.
        """
        return await self._write(value, expected=expected_version)

    async def delete(self, key: str) -> None:
        """Remove a document; nothing happens where there is none."""
        await acting("delete").write(self.name, str(key), None, expected=None)

    async def query(self, *, limit: int = 1000, **where: Any) -> list[Value]:
        """Return documents whose fields equal the given values, in the order of their keys.

        Args:
            limit: At most so many.
            where: Top-level fields and their values.
        """
        return await acting("query").find(self.name, where, limit=limit)

    async def _write(self, value: Value, *, expected: int | None) -> int:
        return await acting("put").write(self.name, str(getattr(value, self.key)), value, expected=expected)
