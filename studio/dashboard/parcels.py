"""Keep files that a tab exports, each under a name that cannot be guessed, until they are fetched."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

__all__ = ["Parcel", "Parcels"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file to be fetched.

    Attributes:
        file: Its name.
        content: Its bytes.
    """

    file: str
    content: bytes


class Parcels:
    """Files that wait to be fetched.

    Args:
        most: How many are kept; the oldest goes.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._waiting: dict[str, Parcel] = {}

    def put(self, parcel: Parcel) -> str:
        """Keep a file and return the key under which it is fetched."""
        key = secrets.token_hex(16)
        self._waiting[key] = parcel
        if len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]
        return key

    def take(self, key: str) -> Parcel | None:
        """Return a file, once."""
        return self._waiting.pop(key, None)
