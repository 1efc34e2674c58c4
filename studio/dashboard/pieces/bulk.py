"""Write all rows that a filter lets through, a stretch at a time, so that memory holds one stretch and the file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.dashboard.pieces.export_bar import flat, in_rows
from studio.dashboard.view import Export

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ROWS_MAX", "bulk_exports"]

ROWS_MAX = 1_000_000
"""So many rows of a long list are taken away at most."""


def bulk_exports(
    title: str, name: str, chunks: Callable[[], Iterator[pl.DataFrame]], *, rows_max: int = ROWS_MAX
) -> tuple[Export, ...]:
    """Return the exports of a long table: CSV and Parquet.

    Args:
        title: What it holds, such as `Traces`.
        name: The files' name without suffix.
        chunks: Asks for the rows, stretch by stretch, all of one form.
        rows_max: So many come at most.
    """
    counted = [0]

    def counting() -> Iterator[pl.DataFrame]:
        counted[0] = 0
        for chunk in chunks():
            counted[0] += len(chunk)
            yield chunk

    def told() -> str:
        return in_rows(counted[0], rows_max)

    return (
        Export(f"{title}, CSV", "csv", name, lambda: _csv(counting()), told),
        Export(f"{title}, Parquet", "parquet", name, lambda: _parquet(counting()), told),
    )


def _csv(chunks: Iterator[pl.DataFrame]) -> bytes:
    into = io.BytesIO()
    for at, chunk in enumerate(chunks):
        flat(chunk).write_csv(into, include_header=at == 0)
    return into.getvalue()


def _parquet(chunks: Iterator[pl.DataFrame]) -> bytes:
    import polars as pl

    with tempfile.TemporaryDirectory(prefix="studio-export-") as folder:
        parts = []
        for at, chunk in enumerate(chunks):
            parts.append(Path(folder) / f"{at:06d}.parquet")
            chunk.write_parquet(parts[-1])
        if not parts:
            empty = io.BytesIO()
            pl.DataFrame().write_parquet(empty)
            return empty.getvalue()
        whole = Path(folder) / "whole.parquet"
        pl.scan_parquet(parts).sink_parquet(whole)
        return whole.read_bytes()
