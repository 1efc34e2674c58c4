"""Write the SQL of windows: values as literals, columns as they are shown, stretches of time.

Values go in as literals since DuckDB imports pandas, where it is installed, to look at parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from studio.store.queries import literal, projection

__all__ = ["Sql", "Value", "bucket", "bucket_ns", "complete", "shown"]

_STEPS = (1, 2, 5)
_LONG_S = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)


class Sql(str):
    """A part of a statement that is put in as it is; every other text is written as a literal."""

    __slots__ = ()


Value = Sql | str | int | float | datetime | None | Collection[str] | Collection[int]


def complete(template: str, **values: Value) -> Sql:
    """Fill a template's `{name}`; braces that are SQL's own stand twice.

    Args:
        template: Ours.
        values: Written as literals, several as `(1, 2)` for `in`; `Sql` as it is.
    """
    return Sql(template.format_map({name: _written(value) for name, value in values.items()}))


def _written(value: Value) -> str:
    match value:
        case Sql():
            return value
        case None:
            return "null"
        case str():
            held = value.encode("utf-8", "backslashreplace").decode()  # as the log keeps a lone surrogate
            return " || chr(0) || ".join(map(literal, held.split("\0")))
        case float():
            return f"cast('{value!r}' as double)"
        case int() | datetime():
            return literal(value)
        case _:
            return f"({', '.join(map(_written, value))})" if value else "(null)"  # nothing is in it


def shown(*columns: str) -> Sql:
    """Select columns of a raw table as the log's views show them.

    Seconds follow nanoseconds (`at_s`, `duration_s`), and W3C ids in hex follow ordinals (`trace_id`).
    """
    return Sql(projection(columns))


def bucket_ns(from_ns: int, until_ns: int, *, buckets_max: int = 120) -> int:
    """Return the width of a time bucket that people can read: 1, 2 or 5 times a power of ten, or whole minutes.

    Args:
        from_ns: Where the window begins.
        until_ns: Where it ends.
        buckets_max: How many may fill it.
    """
    least = max(1, -(-(until_ns - from_ns) // buckets_max))
    short = (step * 10**power for power in range(11) for step in _STEPS)
    widths: Sequence[int] = [*(width for width in short if width < 15_000_000_000), *(s * 10**9 for s in _LONG_S)]
    fitting = next((width for width in widths if width >= least), None)
    return fitting if fitting is not None else -(-least // widths[-1]) * widths[-1]


def bucket(column: str, width_ns: int) -> Sql:
    """Return the begin of the bucket in which a time falls."""
    return Sql(f"({column} // {int(width_ns)} * {int(width_ns)})")
