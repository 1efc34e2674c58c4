"""Let what is shown be taken away: tables and pictures of the export menu, made when one is asked for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.dashboard.view import Export, Form

if TYPE_CHECKING:
    import polars as pl

__all__ = ["file_word", "flat", "frame_exports", "in_rows", "picture_exports"]


def frame_exports(
    title: str, name: str, make: Callable[[], pl.DataFrame], *, rows_max: int | None = None, **options: Any
) -> tuple[Export, ...]:
    """Return the exports of a table: CSV and Parquet of all rows that the filters let through.

    Args:
        title: What it holds, such as `Traces`.
        name: The files' name without suffix.
        make: Asks for the rows.
        rows_max: So many rows are asked for at most; None for all.
        options: Of `Export`.
    """
    counted = [0]

    def written(form: Form) -> Callable[[], bytes]:
        def write() -> bytes:
            frame = make()
            counted[0] = len(frame)
            return _bytes(frame, form)

        return write

    def told() -> str:
        return in_rows(counted[0], rows_max)

    return tuple(Export(f"{title}, {_TITLES[form]}", form, name, written(form), told, **options) for form in _TITLES)


def picture_exports(title: str, name: str, make: Callable[[], bytes], **options: Any) -> tuple[Export, ...]:
    """Return the exports of a picture: SVG, and PNG, which the browser draws.

    Args:
        title: What it shows, such as `Timeline`.
        name: The files' name without suffix.
        make: Returns an SVG that stands on its own.
        options: Of `Export`.
    """
    return (
        Export(f"{title}, SVG", "svg", name, make, **options),
        Export(f"{title}, PNG", "png", name, make, **options),
    )


def file_word(title: str) -> str:
    """Return a title as a part of a file's name: small letters and digits, with hyphens between."""
    return "-".join(re.findall(r"[a-z0-9_.]+", title.lower())) or "untitled"


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table as CSV can hold it: lists are words with a blank between."""
    import polars as pl

    lists = [column for column, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(column).cast(pl.List(pl.String)).list.join(" ") for column in lists)


def in_rows(count: int, rows_max: int | None) -> str:
    """Say how many rows a file has, and that there may be more where a bound was reached."""
    rows = f"{count:,} {'row' if count == 1 else 'rows'}"
    return f"{rows}, the most that are taken: filter for the others" if count == rows_max else rows


_TITLES: dict[Form, str] = {"csv": "CSV", "parquet": "Parquet"}


def _bytes(frame: pl.DataFrame, form: Form) -> bytes:
    into = io.BytesIO()
    if form == "csv":
        flat(frame).write_csv(into)
    else:
        frame.write_parquet(into)
    return into.getvalue()
