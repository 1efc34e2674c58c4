"""Say how a trace stands in a table: when it began, what it was, how long it took, what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from studio.dashboard.pieces.facts import mark_of
from studio.dashboard.pieces.window_table import Column, Mark
from studio.observe.axis import duration, instant

__all__ = ["trace_columns"]


def trace_columns(longest_ns: Callable[[], int]) -> tuple[Column, ...]:
    """Return the columns.

    Args:
        longest_ns: The longest duration on screen, which fills its cell.
    """
    return (
        Column("trace", "Trace", width=66, align="right", sortable=False),
        Column("start_ns", "Started", width=124, align="right", show=instant),
        Column("name", "Begins with", sortable=False, code=True),
        Column("key", "Key", width=90, sortable=False),
        Column("saga", "Saga", sortable=False),
        Column(
            "duration_ns", "Duration", width=136, align="right", show=duration, share=lambda value: value / longest_ns()
        ),
        Column("spans", "Spans", width=58, align="right", rare=1),
        Column("troubled", "Troubled", width=76, align="right", show=_some),
        Column("faults", "Faults", width=62, align="right", show=lambda value: f"⚡ {value}" if value else ""),
        Column("statuses", "Status", width=120, show=_statuses, mark=_mark),
    )


def _some(value: int) -> str:
    return str(value) if value else ""


def _statuses(statuses: Sequence[str]) -> str:
    return ", ".join(statuses)


def _mark(statuses: Any) -> Mark:
    return mark_of(statuses[0]) if statuses else ""
