"""Put records of one kind into a table, each column of the type that the record declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    import polars as pl

__all__ = ["record_frame"]


def record_frame(records: Sequence[Any], kind: type[Any]) -> pl.DataFrame:
    """Return a row for each record.

    Args:
        records: All of one kind.
        kind: Which, such as `studio.records.Span`.
    """
    import polars as pl

    types = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
    schema = {name: types.get(of, pl.String) for name, of in get_type_hints(kind).items()}
    return pl.DataFrame([tuple(record) for record in records], schema=schema, orient="row")
