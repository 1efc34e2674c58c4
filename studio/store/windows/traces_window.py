"""Ask a run for its traces: those that fit a filter, a page at a time.

Two phases: which traces, by numbers alone; then names, keys and faults of the few that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from studio.store.windows.bursts import one_burst
from studio.store.windows.conditions import Conditions
from studio.store.windows.patterns import address_patterns, saga_patterns
from studio.store.windows.statements import Sql, complete

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
]

TraceOrder = Literal["start_ns", "duration_ns", "spans", "troubled", "faults", "status"]

STATUSES: Final = ("crashed", "timeout", "error", "unfinished")
"""How a span may end in trouble, the gravest first."""

ROWS_MAX = 1_000_000
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
  where s.run = {{run}} and s.trace <> 0 and {{where}}
  group by s.trace having {{having}}
)
"""  # noqa: S608 - our own names
_STRIKES = """
select m.trace, count(*) as faults from raw.faults f
join raw.messages m on m.run = f.run and m.message = f.message
where f.run = {run} and f.message <> 0 group by m.trace
"""
_PAGE = f"""
page as materialized (
  select f.*, coalesce(faults, 0) as faults from found f left join ({_STRIKES}) using (trace)
  order by {{inner}} limit {{limit}} offset {{offset}}
), roots as (
  select trace, arg_min(name, (start_ns, span)) as name from raw.spans
  where run = {{run}} and trace in (select trace from page) group by trace
), keys as (
  select trace, arg_min(key, message) as key from raw.messages
  where run = {{run}} and key <> '' and trace in (select trace from page) group by trace
), carried as (
  select trace, arg_min(saga, span) as saga from raw.spans
  where run = {{run}} and saga not in {{nobody}} and trace in (select trace from page) group by trace
)
select p.trace, p.start_ns, r.name, coalesce(key, '') as key, saga, p.duration_ns, p.spans, p.troubled, p.faults,
  p.status
from page p left join roots r on r.trace = p.trace left join keys on keys.trace = p.trace
left join carried on carried.trace = p.trace order by {{outer}}
"""  # noqa: S608 - our own names
_PLACE = f"""
{_FOUND} select * from (
  select trace, row_number() over w - 1 as place, lag(trace) over w as before, lead(trace) over w as after
  from found window w as (order by {{order}})
) where trace = {{trace}} or place = 0 order by trace = {{trace}} desc
"""  # noqa: S608 - our own names
_COUNT = f"{_FOUND} select count(*) as n from found"  # noqa: S608 - our own names


@one_burst
def count_traces(view: RunView, wanted: TraceFilter) -> int:
    """Return how many traces fit."""
    return int(view.ask(_COUNT, **_found(view, wanted))["n"][0])


@one_burst
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

    found = view.ask(
        f"{_FOUND}, {_PAGE}",
        names=["name", "saga"],
        nobody=view.ids(""),
        **_found(view, wanted),
        inner=_order(order, "f.", descending=descending),
        outer=_order(order, "p.", descending=descending),
        limit=limit,
        offset=offset,
    )
    statuses = pl.Series("statuses", [" ".join(_statuses(bits)) for bits in found["status"]], dtype=pl.String)
    return found.drop("status").with_columns(pl.col("name", "saga").fill_null(""), statuses.str.split(" "))


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
        if len(found) or not offset:  # one of no rows still says its columns
            yield found
        if len(found) < limit:
            return


@one_burst
def place_of_trace(
    view: RunView, wanted: TraceFilter, trace: int, *, order: TraceOrder = "start_ns", descending: bool = True
) -> tuple[int, int | None, int | None]:
    """Return where a trace stands among those that fit, from 0, and which come before and after it.

    Returns:
        -1 and the first one as the next, where the trace does not fit.
    """
    placed = view.ask(
        _PLACE,
        **_found(view, wanted),
        order=_order("start_ns" if order == "faults" else order, "", descending=descending),
        trace=trace,
    )
    if not len(placed):
        return -1, None, None
    first = placed.row(0, named=True)
    return (first["place"], first["before"], first["after"]) if first["trace"] == trace else (-1, None, first["trace"])


def _found(view: RunView, wanted: TraceFilter) -> dict[str, Sql]:
    return {"where": _where(view, wanted), "having": _having(wanted)}


def _where(view: RunView, wanted: TraceFilter) -> Sql:
    """Return the conditions on spans that keep whole traces or none of their spans."""
    parts = []
    if wanted.service:
        parts.append(_among("spans", Conditions(view).named("service", wanted.service)))
    if wanted.source or wanted.address:
        sent = Conditions(view).named("sender", wanted.source).named("address", *address_patterns(wanted.address))
        parts.append(_among("messages", sent))
    if wanted.saga:
        saga = Conditions(view).named("saga", *saga_patterns(wanted.saga))
        parts.append(_either(_among("spans", saga), _among("sagas", saga)))
    if wanted.text:
        messages = Conditions(view).containing(wanted.text, names=("address", "saga", "sender"), texts=("key", "body"))
        spans = Conditions(view).containing(wanted.text, names=("name", "error", "service"), texts=("error_text",))
        logs = Conditions(view).containing(wanted.text, texts=("text", "fields"))
        parts.append(_either(_among("messages", messages), _among("spans", spans), _among("logs", logs)))
    return Sql(" and ".join(parts) or "true")


def _among(table: str, conditions: Conditions) -> Sql:
    return complete("s.trace in (select trace from raw.{table} where {where})", table=Sql(table), where=conditions.sql)


def _either(*conditions: Sql) -> Sql:
    return Sql(f"({' or '.join(conditions)})")


def _having(wanted: TraceFilter) -> Sql:
    """Return what must hold of a whole trace."""
    limits = (
        ("max(s.end_ns) - min(s.start_ns) >= {value}", wanted.shortest_ns),
        ("max(s.end_ns) - min(s.start_ns) <= {value}", wanted.longest_ns),
        ("max(s.end_ns) >= {value}", wanted.from_ns),
        ("min(s.start_ns) < {value}", wanted.until_ns),
    )
    parts = [complete(limit, value=value) for limit, value in limits if value is not None]
    if wanted.status == "ok":
        parts.append(Sql("bit_or(coalesce(b.bit, 2)) = 0"))
    elif wanted.status:
        bit = _bit(wanted.status) if wanted.status in STATUSES else 0  # no trace has a status that does not exist
        parts.append(complete("(bit_or(coalesce(b.bit, 2)) & {bit}) > 0", bit=bit))
    return Sql(" and ".join(parts) or "true")


def _bit(status: str) -> int:
    return 1 << (len(STATUSES) - 1 - STATUSES.index(status))


def _statuses(bits: int) -> list[str]:
    return [status for status in STATUSES if bits & _bit(status)] or ["ok"]


def _order(column: str, table: str, *, descending: bool) -> Sql:
    way = "desc" if descending else "asc"
    of = "" if column == "faults" else table  # which is joined
    return Sql(f"{of}{column} {way}, {table}start_ns {way}, {table}trace {way}")
