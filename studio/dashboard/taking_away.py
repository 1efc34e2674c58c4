"""Hand over the files that a tab has exported."""

from __future__ import annotations

from typing import Any, Final

from tornado.web import HTTPError, RequestHandler

from studio.dashboard.parcels import Parcels

__all__ = ["TakeAway"]

_KINDS: Final = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "py": "text/x-python; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class TakeAway(RequestHandler):
    """Answer with a file."""

    def initialize(self, parcels: Parcels) -> None:
        """Take the files that wait."""
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
        self._finishing = self.finish(f"{status_code}: this file was fetched already; export it again.")
