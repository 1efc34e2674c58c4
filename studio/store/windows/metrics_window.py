"""Ask a run for curves: work done, errors, how long it took, what waits, breakers, replicas, faults; by buckets.

Each answer has one row for each bucket and series at most, whatever the run's length. What holds until it changes
(replicas, queues) is summed from the run's beginning, and carried into the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studio.store.windows.buckets import Buckets
from studio.store.windows.patterns import address_patterns, saga_patterns
from studio.store.windows.statements import Sql, Value, bucket, complete

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = [
    "Scope",
    "Split",
    "breaker_states",
    "down_times",
    "fault_strikes",
    "latency",
    "policy_changes",
    "queue_depth",
    "replicas_up",
    "troubles",
    "work_done",
]

Split = Literal["", "service", "name"]
Work = Literal["handling", "calls"]

SERIES_MAX = 6
"""Series of one chart; what is less frequent is added up under `OTHERS`."""
OTHERS = "all others"
ROWS_MAX = 1_000

_KINDS: dict[Work, tuple[str, ...]] = {"handling": ("handle", "http", "job"), "calls": ("call", "external")}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which work is counted; empty words are no filter.

    Attributes:
        service: Work in this service; calls that it makes.
        address: Work on messages of this address; calls of it.
        source: Work on messages that this one sent; calls that it makes.
        saga: Work for this saga, or with a slash for one instance of it.
    """

    service: str = ""
    address: str = ""
    source: str = ""
    saga: str = ""


def work_done(view: RunView, buckets: Buckets, scope: Scope = Scope(), *, split: Split = "") -> pl.DataFrame:
    """Count the handlings that ended in each bucket, well or not: `at_ns`, `series`, `value`.

    Args:
        view: The run.
        buckets: Of the window.
        scope: Which handlings.
        split: Column whose values become series, the most frequent of them; empty for one series `all`.
    """
    with view.burst():
        spans = _spans(view, "handling", buckets, scope)
        if not split:
            return view.ask(_ALL, spans=spans)
        return view.ask(_RANKED, spans=spans, column=Sql(split), most=SERIES_MAX, others=OTHERS)


def troubles(view: RunView, buckets: Buckets, scope: Scope = Scope()) -> pl.DataFrame:
    """Count handlings and calls that ended badly in each bucket, by what came of them."""
    with view.burst():
        parts = [
            complete(_TROUBLES, what=f"{work}: ", spans=_spans(view, work, buckets, scope), run=view.run)
            for work in _KINDS
        ]
        return view.ask("{found} order by series, at_ns", found=Sql(" union all ".join(parts)))


def latency(view: RunView, buckets: Buckets, work: Work, scope: Scope = Scope()) -> pl.DataFrame:
    """Return the quantiles of what ended in each bucket, in seconds, as series `p50`, `p90`, `p99`.

    Args:
        view: The run.
        buckets: Of the window.
        work: Handlings, or calls as the caller sees them.
        scope: Which of them.
    """
    with view.burst():
        return view.ask(_LATENCY, spans=_spans(view, work, buckets, scope))


def queue_depth(view: RunView, buckets: Buckets, *, service: str = "") -> pl.DataFrame:
    """Return the events that each consumer had not done with at each bucket's end; to be carried on.

    A consumer waits for every event of the addresses of which it was ever handed one, until it acknowledged it, or the
    event was dead-lettered. Streams that are only read acknowledge nothing, and are left out, as is what the broker
    itself lost or dropped.
    """
    return _ask(view, _QUEUES, buckets, service=service)


def replicas_up(view: RunView, buckets: Buckets, *, service: str = "") -> pl.DataFrame:
    """Return the replicas of each service that ran at each bucket's end; to be carried on."""
    return _ask(view, _REPLICAS, buckets, service=service)


def policy_changes(view: RunView, buckets: Buckets, *, service: str = "") -> pl.DataFrame:
    """Count what policies did in each bucket: retries, refusals, fallbacks; breakers' states apart."""
    return _ask(view, _POLICIES, buckets, service=service)


def breaker_states(view: RunView, buckets: Buckets, *, service: str = "") -> pl.DataFrame:
    """Return when breakers were not closed: `name`, `state`, `from_ns`, `until_ns` (None until the window's end).

    A breaker lives in its caller's memory: a crash of the caller ends its state.
    """
    return _ask(view, _BREAKERS, buckets, service=service, most=ROWS_MAX)


def down_times(view: RunView, buckets: Buckets) -> pl.DataFrame:
    """Return when replicas did not run after they had: `name`, `change`, `from_ns`, `until_ns` (None: not again)."""
    return _ask(view, _DOWN, buckets, most=ROWS_MAX)


def fault_strikes(view: RunView, buckets: Buckets) -> pl.DataFrame:
    """Return which faults struck in the window: `fault`, `kind`, `target`, `strikes`, `first_ns`, `last_ns`."""
    return _ask(view, _STRIKES, buckets, most=ROWS_MAX)


def _ask(view: RunView, query: str, buckets: Buckets, **values: Value) -> pl.DataFrame:
    window = {"from_ns": buckets.from_ns, "until_ns": buckets.until_ns, "width": buckets.width_ns}
    return view.ask(query, names=(), **window, **values)


def _spans(view: RunView, work: Work, buckets: Buckets, scope: Scope) -> Sql:
    """Return the relation of finished spans of a sort in the window, as ids."""
    where = view.where().named("kind", *_KINDS[work]).named("service", scope.service)
    where.within("end_ns", buckets.from_ns, buckets.until_ns).named("saga", *saga_patterns(scope.saga))
    if work == "calls":  # a call's message is the one that its caller handles
        where.named("name", *address_patterns(scope.address)).named("service", scope.source)
    elif scope.address or scope.source:
        sent = view.where().named("address", *address_patterns(scope.address)).named("sender", scope.source)
        where.also("message in (select message from raw.messages where {sent})", sent=sent.sql)
    at = bucket("end_ns", buckets.width_ns)
    return complete("(select *, {at} as bucket_ns from raw.spans where {where})", at=at, where=where.sql)


_ALL = """
select bucket_ns as at_ns, 'all' as series, count(*) as value from {spans} group by all order by at_ns
"""
_RANKED = """
with found as materialized {spans}
select c.bucket_ns as at_ns, if(r.place <= {most}, n.text, {others}) as series, sum(c.value) as value
from (select bucket_ns, {column} as id, count(*) as value from found group by all) c
join (
  select id, row_number() over (order by count(*) desc, id) as place
  from (select {column} as id from found) group by id
) r on r.id = c.id
join raw.names n on n.run = {run} and n.id = c.id
group by all order by series, at_ns
"""
_TROUBLES = """
select at_ns, {what} || n.text as series, value
from (select bucket_ns as at_ns, status, count(*) as value from {spans} group by all) c
join raw.names n on n.run = {run} and n.id = c.status
where n.text not in ('ok', 'unfinished')
"""
_LATENCY = """
select at_ns, unnest(['p50', 'p90', 'p99']) as series, unnest(took) / 1e9 as value
from (
  select bucket_ns as at_ns, quantile_disc(end_ns - start_ns, [0.5, 0.9, 0.99]) as took from {spans} group by bucket_ns
) order by series, at_ns
"""
# What was before the window is put into the bucket before its first.
_CHANGES = """
select at_ns, series, sum(value) over (partition by series order by at_ns)::bigint as value
from (
  select greatest(c.at_ns // {width} * {width}, {from_ns} // {width} * {width} - {width}) as at_ns, n.text as series,
    sum(c.change) as value
  from changes c join raw.names n on n.run = {run} and n.id = c.id
  where n.text <> '' and ({service} = '' or n.text = {service})
  group by all
) order by series, at_ns
"""
_QUEUES = f"""
with gone as (
  select message from raw.deliveries where run = {{run}}
    and outcome in (select id from raw.names where run = {{run}} and text = 'lost')
    and reason in (select id from raw.names where run = {{run}} and text = 'publish')
), events as materialized (
  select message, address, at_ns from raw.messages
  where run = {{run}} and at_ns < {{until_ns}} and message not in (select message from gone)
    and kind in (select id from raw.names where run = {{run}} and text = 'event')
), handed as materialized (
  select d.message, d.consumer, any_value(e.address) as address,
    min(d.at_ns) filter (d.outcome in (
      select id from raw.names where run = {{run}} and text in ('acknowledged', 'dead-lettered'))) as settled_ns
  from raw.deliveries d join events e on e.message = d.message
  where d.run = {{run}} and d.consumer not in (select id from raw.names where run = {{run}} and text = '')
    and d.reason not in (
      select id from raw.names where run = {{run}} and text in ('publish', 'confirmation', 'dropped', 'stream'))
  group by d.message, d.consumer
), wanted as (
  select distinct address, consumer from handed
), changes as (
  select e.at_ns, w.consumer as id, 1 as change from events e join wanted w on w.address = e.address
  union all
  select settled_ns, consumer, -1 from handed where settled_ns < {{until_ns}}
)
{_CHANGES}
"""  # noqa: S608 - our own names
_REPLICAS = f"""
with states as (
  select l.at_ns, l.seq, l.service, l.replica, (c.text in ('started', 'resumed'))::int as is_up
  from raw.lives l
  join raw.names c on c.run = {{run}} and c.id = l.change
  join raw.names r on r.run = {{run}} and r.id = l.reason
  where l.run = {{run}} and l.at_ns < {{until_ns}} and r.text <> 'as a zombie'
), changes as (
  select at_ns, service as id,
    is_up - lag(is_up, 1, 0) over (partition by service, replica order by seq) as change
  from states
)
{_CHANGES}
"""  # noqa: S608 - our own names
_POLICIES = """
select p.at_ns, policy.text || ' ' || change.text as series, p.value
from (
  select at_ns // {width} * {width} as at_ns, policy, change, count(*) as value from raw.policies
  where run = {run} and at_ns >= {from_ns} and at_ns < {until_ns} and ({service} = ''
    or service = (select id from raw.names where run = {run} and text = {service}))
  group by all
) p
join raw.names policy on policy.run = {run} and policy.id = p.policy
join raw.names change on change.run = {run} and change.id = p.change
where policy.text <> 'breaker' or change.text = 'refused'
order by series, at_ns
"""
_BREAKERS = """
with turns as (
  select at_ns as from_ns, service, replica, target, change,
    lead(at_ns) over (partition by service, replica, target order by seq) as next_ns
  from raw.policies where run = {run} and at_ns < {until_ns}
    and policy = (select id from raw.names where run = {run} and text = 'breaker')
    and change in (select id from raw.names where run = {run} and text in ('opened', 'half-open', 'closed'))
), ended as (
  select at_ns, service, replica from raw.lives where run = {run} and change in (
    select id from raw.names where run = {run} and text in ('crashed', 'stopped'))
)
select service.text || '/' || t.replica || ' → ' || target.text as name, change.text as state, t.from_ns,
  least(t.next_ns, (select min(e.at_ns) from ended e
    where e.service = t.service and e.replica = t.replica and e.at_ns > t.from_ns)) as until_ns
from turns t
join raw.names service on service.run = {run} and service.id = t.service
join raw.names target on target.run = {run} and target.id = t.target
join raw.names change on change.run = {run} and change.id = t.change
where change.text <> 'closed' and ({service} = '' or service.text = {service})
  and (t.next_ns is null or t.next_ns > {from_ns})
order by name, t.from_ns limit {most}
"""
_DOWN = """
with turns as (
  select at_ns as from_ns, seq, service, replica, change,
    lead(at_ns) over (partition by service, replica order by seq) as until_ns
  from raw.lives where run = {run} and at_ns < {until_ns}
)
select service.text || '/' || t.replica as name, change.text as change, t.from_ns, t.until_ns
from turns t
join raw.names service on service.run = {run} and service.id = t.service
join raw.names change on change.run = {run} and change.id = t.change
where change.text in ('crashed', 'stopped', 'paused') and (t.until_ns is null or t.until_ns > {from_ns})
order by t.from_ns, name limit {most}
"""
_STRIKES = """
select f.fault, kind.text as kind, target.text as target, f.strikes, f.first_ns, f.last_ns
from (
  select fault, kind, target, count(*) as strikes, min(at_ns) as first_ns, max(at_ns) as last_ns
  from raw.faults where run = {run} and at_ns >= {from_ns} and at_ns < {until_ns} group by all
) f
join raw.names kind on kind.run = {run} and kind.id = f.kind
join raw.names target on target.run = {run} and target.id = f.target
order by f.first_ns, f.fault limit {most}
"""
