"""Hand over files that a tab exports: each is kept under a name that cannot be guessed until it was fetched."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from tornado.web import HTTPError, RequestHandler

__all__ = ["Parcel", "Parcels", "TakeAway"]

_KINDS: Final = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


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


class TakeAway(RequestHandler):  # type: ignore[misc]  # Tornado says little of its types
    """Answer with a file."""

    def initialize(self, parcels: Parcels) -> None:
        self._parcels = parcels

    def get(self, key: str) -> None:
        """Send the file to be saved."""
        parcel = self._parcels.take(key)
        if parcel is None:
            raise HTTPError(404)
        self.set_header("Content-Type", _KINDS.get(parcel.file.rpartition(".")[2], "application/octet-stream"))
        self.set_header("Content-Disposition", f'attachment; filename="{parcel.file}"')
        self.set_header("Cache-Control", "no-store")
        self.write(parcel.content)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Say that it is gone."""
        self.finish(f"{status_code}: this file was fetched already; export it again.")
