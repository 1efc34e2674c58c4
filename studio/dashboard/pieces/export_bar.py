"""Let what is shown be taken away: one menu of a tab's exports, made when one is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.dashboard.view import Export, Form

if TYPE_CHECKING:
    import polars as pl

__all__ = ["frame_exports"]


def frame_exports(title: str, name: str, make: Callable[[], pl.DataFrame]) -> tuple[Export, ...]:
    """Return the exports of a table: CSV and Parquet of all rows that the filters let through.

    Args:
        title: What it holds, such as `Traces`.
        name: The files' name without suffix.
        make: Asks for the rows.
    """

    def written(form: Form) -> Callable[[], bytes]:
        return lambda: _bytes(make(), form)

    return tuple(Export(f"{title}, {form.upper()}", form, name, written(form)) for form in _FRAME_FORMS)


_FRAME_FORMS: tuple[Form, ...] = ("csv", "parquet")


def _bytes(frame: pl.DataFrame, form: Form) -> bytes:
    into = io.BytesIO()
    if form == "csv":
        frame.write_csv(into)
    else:
        frame.write_parquet(into)
    return into.getvalue()
