"""Say how a message stands in a table: when, what, from whom to whom, and what became of it."""

from __future__ import annotations

from typing import Any, Final

from studio.dashboard.pieces.facts import mark_of
from studio.dashboard.pieces.window_table import Column, Mark
from studio.observe.axis import instant

__all__ = ["LETTER_COLUMNS", "MESSAGE_COLUMNS"]


def _names(names: Any) -> str:
    return ", ".join(names or ())


def _number(value: Any) -> str:
    return str(value) if value else ""


def _ended(ended: Any) -> str:
    outcome, troubles = ended
    return f"{outcome} (was {', '.join(troubles)})" if troubles else str(outcome)


def _mark(ended: Any) -> Mark:
    return mark_of(ended[0])


MESSAGE_COLUMNS: Final = (
    Column("message", "Message", width=76, align="right", sortable=False),
    Column("at_ns", "At", width=124, align="right", show=instant),
    Column("kind", "Kind", width=54, rare=1),
    Column("address", "Address", width=176, code=True),
    Column("sender", "From", width=132, sortable=False),
    Column("consumers", "To", sortable=False, show=_names),
    Column("key", "Key", width=96, sortable=False),
    Column("attempts", "Tries", width=54, align="right", show=_number),
    Column("ended", "Outcome", width=136, sortable=False, show=_ended, mark=_mark),
    Column("trace", "Trace", width=66, align="right", sortable=False, show=_number, rare=2),
    Column("saga", "Saga", sortable=False, rare=3),
)
"""Of messages; `ended` is the outcome with what went before."""

LETTER_COLUMNS: Final = (
    Column("message", "Message", width=76, align="right", sortable=False),
    Column("at_ns", "Given up", width=124, align="right", sortable=False, show=instant),
    Column("address", "Address", sortable=False, code=True),
    Column("consumer", "Consumer", width=150, sortable=False),
    Column("key", "Key", width=110, sortable=False),
    Column("attempts", "Attempts", width=74, align="right", sortable=False),
    Column("reason", "Cause", sortable=False),
    Column("trace", "Trace", width=66, align="right", sortable=False, show=_number),
)
"""Of dead letters."""
