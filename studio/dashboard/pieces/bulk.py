"""Write all rows that a filter lets through, a stretch at a time, so that memory holds one stretch and the file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.dashboard.view import Export

if TYPE_CHECKING:
    import polars as pl

__all__ = ["bulk_exports"]


def bulk_exports(title: str, name: str, chunks: Callable[[], Iterator[pl.DataFrame]]) -> tuple[Export, ...]:
    """Return the exports of a long table: CSV and Parquet.

    Args:
        title: What it holds, such as `Traces`.
        name: The files' name without suffix.
        chunks: Asks for the rows, stretch by stretch, all of one form.
    """
    return (
        Export(f"{title}, CSV", "csv", name, lambda: _csv(chunks())),
        Export(f"{title}, Parquet", "parquet", name, lambda: _parquet(chunks())),
    )


def _csv(chunks: Iterator[pl.DataFrame]) -> bytes:
    import polars as pl

    into = io.BytesIO()
    for at, chunk in enumerate(chunks):
        lists = [column for column, kind in chunk.schema.items() if isinstance(kind, pl.List)]
        flat = chunk.with_columns(pl.col(column).list.join(" ") for column in lists)
        flat.write_csv(into, include_header=at == 0)
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
