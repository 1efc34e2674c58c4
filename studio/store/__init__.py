"""Keep what happened: one DuckDB file for a project, or memory; written in batches, asked in SQL, read as Polars."""

from __future__ import annotations

from studio.store.buffer import Buffer
from studio.store.fields import common_fields, field_types
from studio.store.reader import RunLog
from studio.store.runs import Difference, compare
from studio.store.shelf import RunInfo, RunRow, Shape, Status
from studio.store.writer import Log

__all__ = [
    "Buffer",
    "Difference",
    "Log",
    "RunInfo",
    "RunLog",
    "RunRow",
    "Shape",
    "Status",
    "common_fields",
    "compare",
    "field_types",
]
