"""Ask a run for what belongs to one trace, or to one message: the records themselves, names in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studio.records import Record
from studio.store.columns import records_of
from studio.store.queries import identifier
from studio.store.schema import columns

if TYPE_CHECKING:
    from studio.store.windows.run_view import RunView

__all__ = ["RECORDS_MAX", "rendered_rows", "trace_records"]

RECORDS_MAX = 4_000

_SENT = "select message from raw.messages where run = {run} and trace = {trace}"
_SAGAS = """
select saga from raw.sagas where run = {run} and trace = {trace} union
select saga from raw.spans where run = {run} and trace = {trace}
  and saga not in (select id from raw.names where run = {run} and text = '')
"""
# What struck a whole service carries no message: it belongs to the traces that were in that service at the time.
_MEANWHILE = """
at_ns between (select min(start_ns) from raw.spans where run = {run} and trace = {trace})
and (select max(end_ns) from raw.spans where run = {run} and trace = {trace})
and split_part((select text from raw.names n where n.run = {run} and n.id = <service>), '/', 1) in (
  select text from raw.names where run = {run} and id in (
    select service from raw.spans where run = {run} and trace = {trace}))
"""
_PARTS: Final = {
    "messages": "trace = {trace}",
    "deliveries": f"message in ({_SENT})",
    "spans": "trace = {trace}",
    "sagas": "trace = {trace}",
    "saga_steps": f"saga in ({_SAGAS})",
    "faults": f"message in ({_SENT}) or (message = 0 and {_MEANWHILE.replace('<service>', 'r.target')})",
    "policies": "trace = {trace}",
    "logs": "trace = {trace}",
    "lives": _MEANWHILE.replace("<service>", "r.service"),
}


def trace_records(view: RunView, trace: int, *, records_max: int = RECORDS_MAX) -> list[Record]:
    """Return what a waterfall shows of a trace, in order.

    Args:
        view: The run.
        trace: Its number.
        records_max: Records of each kind at most, the first ones.
    """
    frames = {
        table: view.ask(rendered_rows(table, condition), trace=trace, limit=records_max)
        for table, condition in _PARTS.items()
    }
    return records_of(frames)


def rendered_rows(table: str, condition: str) -> str:
    """Return the query for rows of a table as they are, names in full, in order; `{limit}` is their number at most.

    Args:
        table: Such as `messages`; `r` in the condition.
        condition: In SQL, with `{run}` and other values to be filled in.
    """
    fields, joins = [], []
    for at, column in enumerate(columns(table)):
        name = identifier(column.name)
        if column.kind == "name":
            joins.append(f"left join raw.names n{at} on n{at}.run = {{run}} and n{at}.id = p.{name}")
        fields.append(f"coalesce(n{at}.text, '') as {name}" if column.kind == "name" else f"p.{name}")
    return (
        f"with p as materialized (select r.* from raw.{table} r where r.run = {{run}} and ({condition}) "  # noqa: S608
        f"order by r.seq limit {{limit}}) select p.seq, {', '.join(fields)} from p {' '.join(joins)} order by p.seq"
    )
