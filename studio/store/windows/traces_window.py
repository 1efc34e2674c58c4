"""Ask a run for its traces: those that fit a filter, a page at a time, and all records of one of them.

Two phases: which traces, by numbers alone; then names, keys and faults of the few that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from studio.records import Record
from studio.store.columns import records_of
from studio.store.queries import identifier
from studio.store.schema import columns
from studio.store.windows.narrowing import Narrowing

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = [
    "STATUSES",
    "TraceFilter",
    "TraceOrder",
    "all_traces",
    "count_traces",
    "list_traces",
    "place_of_trace",
    "trace_records",
]

TraceOrder = Literal["start_ns", "duration_ns", "spans", "troubled", "faults", "name", "status"]

STATUSES: Final = ("crashed", "timeout", "error", "unfinished")
"""How a span may end in trouble, the gravest first."""

ROWS_MAX = 1_000_000
RECORDS_MAX = 4_000
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces are wanted; what is empty or None does not matter.

    Attributes:
        service: That worked in it.
        source: That sent a message in it.
        address: Of a message in it: an address, or a pattern such as `Order.*`.
        status: That one of its spans ended with; `ok` for traces without trouble.
        saga: A saga's name, or one instance of it.
        text: In names, keys, bodies, errors or log lines.
        shortest_ns: It took at least.
        longest_ns: It took at most.
        from_ns: It ended then or later.
        until_ns: It began before.
    """

    service: str = ""
    source: str = ""
    address: str = ""
    status: str = ""
    saga: str = ""
    text: str = ""
    shortest_ns: int | None = None
    longest_ns: int | None = None
    from_ns: int | None = None
    until_ns: int | None = None


# A status is a bit, so that a trace's statuses are one number; one that we do not know counts as an error.
_BITS = ", ".join(f"('{status}', {1 << at})" for at, status in enumerate(reversed(STATUSES)))
_FOUND = f"""
with bits as materialized (
  select n.id, s.bit from raw.names n join (values ('ok', 0), {_BITS}) s(text, bit) on s.text = n.text
  where n.run = {{run}}
), found as (
  select s.trace, min(s.start_ns) as start_ns, max(s.end_ns) - min(s.start_ns) as duration_ns, count(*) as spans,
    count(*) filter (coalesce(b.bit, 2) > 0) as troubled, bit_or(coalesce(b.bit, 2)) as status
  from raw.spans s left join bits b on b.id = s.status
  where s.run = {{run}} and s.trace <> 0 and <conditions>
  group by s.trace having <having>
)
"""  # noqa: S608 - our own names
_STRIKES = """
select m.trace, count(*) as faults from raw.faults f
join raw.messages m on m.run = f.run and m.message = f.message
where f.run = {run} and f.message <> 0 group by m.trace
"""
_ROOTS = """
select trace, arg_min(name, (start_ns, span)) as name from raw.spans
where run = {run} and trace in (select trace from <of>) group by trace
"""
_PAGE = f"""
page as materialized (
  select f.*, coalesce(faults, 0) as faults from found f left join ({_STRIKES}) using (trace) <roots>
  order by <order> limit {{limit}} offset {{offset}}
), roots as (<root>), keys as (
  select trace, arg_min(key, message) as key from raw.messages
  where run = {{run}} and key <> '' and trace in (select trace from page) group by trace
), carried as (
  select trace, min(n.text) as saga from raw.spans s join raw.names n on n.run = s.run and n.id = s.saga
  where s.run = {{run}} and n.text <> '' and trace in (select trace from page) group by trace
)
select p.trace, p.start_ns, coalesce(n.text, '') as name, coalesce(key, '') as key, coalesce(saga, '') as saga,
  p.duration_ns, p.spans, p.troubled, p.faults, p.status
from page p left join roots r on r.trace = p.trace left join raw.names n on n.run = {{run}} and n.id = r.name
left join keys on keys.trace = p.trace left join carried on carried.trace = p.trace order by <order>
"""  # noqa: S608 - our own names


def count_traces(view: RunView, wanted: TraceFilter) -> int:
    """Return how many traces fit."""
    sql, values = _found(wanted)
    return int(view.ask(f"{sql} select count(*) as n from found", **values)["n"][0])


def list_traces(
    view: RunView,
    wanted: TraceFilter,
    *,
    order: TraceOrder = "start_ns",
    descending: bool = True,
    offset: int = 0,
    limit: int = 100,
) -> pl.DataFrame:
    """Return a page of the traces that fit.

    Args:
        view: The run.
        wanted: Which.
        order: Column to sort by; equal ones stand as they began.
        descending: Whether the greatest, the latest or the worst comes first.
        offset: Traces passed over.
        limit: Of the page.

    Returns:
        `trace`, `start_ns`, `name` (of its first span), `key` (of its first message that has one), `saga` (the first
        instance in it), `duration_ns`, `spans`, `troubled` (spans in trouble), `faults` (that struck its messages),
        `statuses` (of troubled spans, the gravest first; `ok` where there are none).
    """
    import polars as pl

    sql, values = _found(wanted)
    by_name = order == "name"
    roots = (
        f"left join ({_ROOTS.replace('<of>', 'found')}) o on o.trace = f.trace "
        "left join raw.names m on m.run = {run} and m.id = o.name"
    )
    page = _PAGE.replace("<roots>", roots.replace("o.name", "o.name") if by_name else "")
    page = page.replace("<root>", _ROOTS.replace("<of>", "page"))
    first, _, last = page.rpartition("<order>")
    inner = first.replace("<order>", _order("m.text" if by_name else order, descending, "f."))
    found = view.ask(
        f"{sql}, {inner}{_order('n.text' if by_name else order, descending, 'p.')}{last}",
        **values,
        limit=limit,
        offset=offset,
    )
    statuses = [_statuses(bits) for bits in found["status"].to_list()]
    return found.drop("status").with_columns(pl.Series("statuses", statuses, dtype=pl.List(pl.String)))


def all_traces(view: RunView, wanted: TraceFilter, *, rows_max: int = ROWS_MAX) -> Iterator[pl.DataFrame]:
    """Yield all traces that fit, in the order in which they began, in stretches of bounded size.

    Args:
        view: The run.
        wanted: Which.
        rows_max: Traces at most.
    """
    for offset in range(0, rows_max, _CHUNK):
        limit = min(_CHUNK, rows_max - offset)
        found = list_traces(view, wanted, descending=False, offset=offset, limit=limit)
        if len(found):
            yield found
        if len(found) < limit:
            return


def place_of_trace(
    view: RunView, wanted: TraceFilter, trace: int, *, order: TraceOrder = "start_ns", descending: bool = True
) -> tuple[int, int | None, int | None]:
    """Return where a trace stands among those that fit, from 0, and which come before and after it.

    Returns:
        -1 and the first one as the next, where the trace does not fit.
    """
    sql, values = _found(wanted)
    by = _order("start_ns" if order in ("name", "faults") else order, descending, "")
    placed = view.ask(
        f"{sql} select * from (select trace, row_number() over w - 1 as place, lag(trace) over w as before, "
        f"lead(trace) over w as after from found window w as (order by {by})) where trace = {{trace}} or place = 0 "
        "order by trace = {trace} desc",
        **values,
        trace=trace,
    )
    if not len(placed):
        return -1, None, None
    first = placed.row(0, named=True)
    return (first["place"], first["before"], first["after"]) if first["trace"] == trace else (-1, None, first["trace"])


def _found(wanted: TraceFilter) -> tuple[str, dict[str, int | str]]:
    where = _where(wanted)
    having, values = _having(wanted)
    sql = _FOUND.replace("<conditions>", where.sql).replace("<having>", having)
    return sql, where.values | values


def _where(wanted: TraceFilter) -> Narrowing:
    found = Narrowing()
    if wanted.service:
        found.add(_among("spans", found.named("service", "service", wanted.service)))
    sent = []
    if wanted.source:
        sent.append(found.named("sender", "source", wanted.source))
    if wanted.address:
        sent.append(found.like("address", "address", wanted.address))
    if sent:
        found.add(_among("messages", " and ".join(sent)))
    if wanted.saga:
        saga = found.of_saga("saga", "saga", wanted.saga)
        found.add(f"({_among('spans', saga)} or {_among('sagas', saga)})")
    if wanted.text:
        found.values["needle"] = wanted.text.lower()
        found.add(_with_text(found))
    return found


def _with_text(found: Narrowing) -> str:
    places = {
        "messages": found.containing("key", "body", names=("address", "saga", "sender")),
        "spans": found.containing("error_text", names=("name", "error", "service")),
        "logs": found.containing("text", "fields"),
    }
    return f"({' or '.join(_among(table, condition) for table, condition in places.items())})"


def _among(table: str, condition: str) -> str:
    return f"s.trace in (select trace from raw.{table} where run = {{run}} and {condition})"  # noqa: S608


def _having(wanted: TraceFilter) -> tuple[str, dict[str, int | str]]:
    """Return what must hold of a whole trace."""
    limits = (
        ("max(s.end_ns) - min(s.start_ns) >= {shortest}", "shortest", wanted.shortest_ns),
        ("max(s.end_ns) - min(s.start_ns) <= {longest}", "longest", wanted.longest_ns),
        ("max(s.end_ns) >= {from_ns}", "from_ns", wanted.from_ns),
        ("min(s.start_ns) < {until_ns}", "until_ns", wanted.until_ns),
    )
    conditions = [condition for condition, _, value in limits if value is not None]
    values: dict[str, int | str] = {name: value for _, name, value in limits if value is not None}
    if wanted.status == "ok":
        conditions.append("bit_or(coalesce(b.bit, 2)) = 0")
    elif wanted.status in STATUSES:
        conditions.append("(bit_or(coalesce(b.bit, 2)) & {bit}) > 0")
        values["bit"] = _bit(wanted.status)
    return " and ".join(conditions) or "true", values


def _bit(status: str) -> int:
    return 1 << (len(STATUSES) - 1 - STATUSES.index(status))


def _statuses(bits: int) -> list[str]:
    return [status for status in STATUSES if bits & _bit(status)] or ["ok"]


def _order(column: str, descending: bool, table: str) -> str:
    way = "desc" if descending else "asc"
    of = "" if "." in column or column == "faults" else table
    return f"{of}{column} {way}, {table}start_ns {way}, {table}trace {way}"


# -- one trace -----------------------------------------------------------------------------------------------------------

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
        table: view.ask(_rendered(table, condition), trace=trace, limit=records_max)
        for table, condition in _PARTS.items()
    }
    return records_of(frames)


def _rendered(table: str, condition: str) -> str:
    """Return the query for some rows of a table as they are, names in full."""
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
