"""Ask a run for its saga instances: how many are in which state when, and a page of them, the troubled ones on top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studio.store.windows.bursts import one_burst
from studio.store.windows.conditions import Conditions
from studio.store.windows.patterns import saga_patterns
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.buckets import Buckets
    from studio.store.windows.run_view import RunView

__all__ = ["STATES", "SagaFilter", "all_sagas", "count_sagas", "list_sagas", "saga_counts", "saga_totals"]

STATES: Final = ("stuck", "compensating", "running", "abandoned", "compensated", "completed")
"""States of an instance, in the order in which they call for attention."""

ROWS_MAX = 1_000_000
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class SagaFilter:
    """Which instances are wanted; what is empty or None does not matter.

    Attributes:
        saga: A saga's name, or one instance of it.
        state: That it is in, in the end or now.
        text: In its id, its reason, or a step's name, error or result.
        service: That one of its steps sent a message to, or the saga itself.
        from_ns: It changed then or later.
        until_ns: It began before.
    """

    saga: str = ""
    state: str = ""
    text: str = ""
    service: str = ""
    from_ns: int | None = None
    until_ns: int | None = None


_RANKS = ", ".join(f"('{state}', {at})" for at, state in enumerate(STATES))
_FOUND = f"""
with ranks as materialized (
  select n.id, r.rank from raw.names n join (values {_RANKS}) r(text, rank) on r.text = n.text where n.run = {{run}}
), folded as (
  select s.saga, arg_max(s.state, s.seq) as state, max(s.seq) as seq, min(s.at_ns) as started_ns,
    max(s.at_ns) as changed_ns, max(s.epoch) as epoch
  from raw.sagas s where {{where}} group by s.saga
), found as (
  select f.*, coalesce(r.rank, 2) as rank from folded f left join ranks r on r.id = f.state where {{having}}
)
"""  # noqa: S608 - our own names
_PAGE = f"""
{_FOUND}, page as (select p.* from found p order by {{order}} limit {{limit}} offset {{offset}}),
steps as (
  select saga, arg_max(step, seq) as step, arg_max(phase, seq) as phase, max(attempt) as attempts
  from raw.saga_steps where run = {{run}} and saga in (select saga from page) group by saga
)
select p.saga, l.name, l.version, l.state, l.reason, p.epoch, t.step, t.phase, coalesce(t.attempts, 0) as attempts,
  p.started_ns, p.changed_ns, p.changed_ns - p.started_ns as duration_ns, l.trace
from page p join raw.sagas l on l.run = {{run}} and l.seq = p.seq left join steps t on t.saga = p.saga
order by {{order}}
"""  # noqa: S608 - our own names
_TOTALS = f"""
{_FOUND} select state, count(*) as n from found group by state
"""  # noqa: S608 - our own names
_COUNT = f"{_FOUND} select count(*) as n from found"  # noqa: S608 - our own names
# Every change takes an instance out of the state before it, and puts it into the next one.
_CURVES = """
with changes as (
  select s.seq, greatest({first}, s.at_ns // {width} * {width}) as at_ns, s.state,
    lag(s.state) over (partition by s.saga order by s.seq) as before
  from raw.sagas s where {where}
), moves as (
  select at_ns, state, 1 as move from changes union all
  select at_ns, before as state, -1 as move from changes where before is not null
), sums as (select at_ns, state, sum(move) as move from moves group by all)
select * from (
  select at_ns, state as series, sum(move) over (partition by state order by at_ns)::double as value from sums
) where at_ns < {until} order by at_ns, series
"""
_ORDERS: Final = {
    "state": "p.rank {way}, p.changed_ns desc",
    "started_ns": "p.started_ns {way}",
    "changed_ns": "p.changed_ns {way}",
    "duration_ns": "p.changed_ns - p.started_ns {way}",
    "epoch": "p.epoch {way}",
}


@one_burst
def count_sagas(view: RunView, wanted: SagaFilter) -> int:
    """Return how many instances fit."""
    return int(view.ask(_COUNT, **_found(view, wanted))["n"][0])


@one_burst
def saga_totals(view: RunView, wanted: SagaFilter) -> dict[str, int]:
    """Return how many of the instances that fit are in each state, those that call for attention first."""
    counts = dict(view.ask(_TOTALS, names=["state"], **_found(view, wanted)).select("state", "n").iter_rows())
    return {state: counts[state] for state in (*STATES, *sorted(counts.keys() - set(STATES))) if state in counts}


@one_burst
def list_sagas(
    view: RunView,
    wanted: SagaFilter,
    *,
    order: str = "state",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> pl.DataFrame:
    """Return a page of the instances that fit.

    Args:
        view: The run.
        wanted: Which.
        order: `state` (stuck first, then compensating, running and so on, the latest change first), `started_ns`,
            `changed_ns`, `duration_ns` or `epoch`.
        descending: Whether the greatest comes first.
        offset: Instances passed over.
        limit: Of the page.

    Returns:
        `saga` (the instance), `name`, `version`, `state`, `reason`, `epoch`, `step` and `phase` (of the latest mark in
        its journal), `attempts` (of one step, at most), `started_ns`, `changed_ns`, `duration_ns`, `trace`.
    """
    way = "desc" if descending else "asc"
    by = _ORDERS.get(order, _ORDERS["state"]).format(way=way)
    found = view.ask(
        _PAGE,
        names=["saga", "name", "version", "state", "reason", "step", "phase"],
        **_found(view, wanted),
        order=Sql(f"{by}, p.seq {way}"),
        offset=offset,
        limit=limit,
    )
    return found.fill_null("")


def all_sagas(view: RunView, wanted: SagaFilter, *, rows_max: int = ROWS_MAX) -> Iterator[pl.DataFrame]:
    """Yield all instances that fit, in the order in which they began, in stretches of bounded size.

    Args:
        view: The run.
        wanted: Which.
        rows_max: Instances at most.
    """
    for offset in range(0, rows_max, _CHUNK):
        limit = min(_CHUNK, rows_max - offset)
        found = list_sagas(view, wanted, order="started_ns", offset=offset, limit=limit)
        if len(found) or not offset:  # one of no rows still says its columns
            yield found
        if len(found) < limit:
            return


@one_burst
def saga_counts(view: RunView, buckets: Buckets, *, saga: str = "") -> pl.DataFrame:
    """Return how many instances are in which state at the end of each bucket in which something changed.

    Args:
        view: The run.
        buckets: Of the window.
        saga: A saga's name, or one instance; empty for all.

    Returns:
        `at_ns` (a bucket's begin; what was before the window stands in the first), `series` (the state), `value`.
    """
    where = Conditions(view, "s").named("saga", *saga_patterns(saga)).sql
    starts = buckets.starts
    return view.ask(
        _CURVES, names=["series"], where=where, first=starts[0], width=buckets.width_ns, until=buckets.until_ns
    )


def _found(view: RunView, wanted: SagaFilter) -> dict[str, Sql]:
    where = Conditions(view, "s").named("saga", *saga_patterns(wanted.saga))
    if wanted.text:
        own = Conditions(view).containing(wanted.text, names=("saga", "reason")).sql
        steps = Conditions(view).containing(wanted.text, names=("step", "error"), texts=("body",)).sql
        among = "s.saga in (select saga from raw.sagas where {own} union select saga from raw.saga_steps where {steps})"
        where.also(among, own=own, steps=steps)
    if wanted.service:
        own = Conditions(view).named("name", wanted.service).sql
        met = _messages_to(view, wanted.service)
        where.also("s.saga in (select saga from raw.sagas where {own} union {met})", own=own, met=met)
    having = [Sql("true")]
    if wanted.state:
        ids = view.ids(wanted.state)
        having.append(complete("f.state in {ids}", ids=ids))
    if wanted.from_ns is not None:
        having.append(complete("f.changed_ns >= {from_ns}", from_ns=wanted.from_ns))
    if wanted.until_ns is not None:
        having.append(complete("f.started_ns < {until_ns}", until_ns=wanted.until_ns))
    return {"where": where.sql, "having": Sql(" and ".join(having))}


def _messages_to(view: RunView, service: str) -> Sql:
    """Return the instances whose messages a service has handled: their spans carry the instance."""
    handled = Conditions(view).named("service", service).named("kind", "handle").sql
    return complete("select saga from raw.spans where {handled}", handled=handled)
