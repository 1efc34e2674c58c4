"""Ask a run for what belongs to one trace: the records themselves, names in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studio.records import Record
from studio.store.columns import records_of
from studio.store.queries import identifier
from studio.store.schema import columns
from studio.store.windows.bursts import one_burst
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    from studio.store.windows.run_view import RunView

__all__ = ["RECORDS_MAX", "trace_records"]

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
_ROWS = "select seq, {fields} from raw.{table} r where run = {run} and ({condition}) order by seq limit {limit}"


@one_burst
def trace_records(view: RunView, trace: int, *, records_max: int = RECORDS_MAX) -> list[Record]:
    """Return what a waterfall shows of a trace, in order.

    Args:
        view: The run.
        trace: Its number.
        records_max: Records of each kind at most, the first ones.
    """
    frames = {
        table: view.ask(_ROWS, names=_named(table), fields=_fields(table), table=Sql(table), limit=records_max,
                        condition=complete(condition, run=view.run, trace=trace))
        for table, condition in _PARTS.items()
    }  # fmt: skip
    return records_of(frames)


def _fields(table: str) -> Sql:
    return Sql(", ".join(identifier(column.name) for column in columns(table)))


def _named(table: str) -> list[str]:
    return [column.name for column in columns(table) if column.kind == "name"]
