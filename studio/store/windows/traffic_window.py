"""Ask a run what went where in a stretch of time, and how its parts stood at an instant: what the live graph shows.

Traffic is counted where it is timed: calls and requests by the caller's span, events by their deliveries, handling by
the handler's span, each when it ended. All of it is added up on ids; names are read for the few rows that come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studio.store.windows.bursts import one_burst

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = [
    "Interval",
    "breakers_at",
    "code_places",
    "deliveries_within",
    "known_traffic",
    "last_errors",
    "publishing_within",
    "queues_at",
    "replicas_at",
    "work_within",
]

HANDLING: Final = ("handle", "http", "job", "health", "saga")
CALLING: Final = ("call", "external")
BAD: Final = ("refused", "lost", "dead-lettered", "timed-out")
HANDED: Final = ("delivered", "redelivered", "duplicated")


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of virtual time.

    Attributes:
        from_ns: What happened then is inside.
        until_ns: What happened then is not, but at the end of the run.
    """

    from_ns: int
    until_ns: int

    @property
    def seconds(self) -> float:
        """How long it is, and never nothing: what a count is divided by."""
        return max(self.until_ns - self.from_ns, 1) / 1e9


@one_burst
def work_within(view: RunView, interval: Interval) -> pl.DataFrame:
    """Add up the spans that ended in a stretch of time.

    Returns:
        One row for each `kind` (`call`, `external`, `handle`, `http`, `job`, `health`, `saga`), `service` and `name`,
        and for each service one of kind `all` with an empty name over all that it handled: `count`, `errors`,
        `p50_ns`, `p99_ns`. The service of a call is the caller, its name the address; spans that had not finished
        are left out.
    """
    where = view.where().named("kind", *CALLING, *HANDLING).within("end_ns", interval.from_ns, interval.until_ns)
    found = view.ask(_WORK, where=where.sql, calling=CALLING, names=("kind", "service", "name"))
    return found.with_columns(found["kind"].fill_null("all"), found["name"].fill_null(""))


@one_burst
def publishing_within(view: RunView, interval: Interval) -> pl.DataFrame:
    """Count the messages that entered the bus: `kind` (`event` or `call`), `sender`, `address`, `count`."""
    where = view.where().named("kind", "event", "call").within("at_ns", interval.from_ns, interval.until_ns)
    return view.ask(_PUBLISHING, where=where.sql, names=("kind", "sender", "address"))


@one_burst
def deliveries_within(view: RunView, interval: Interval) -> pl.DataFrame:
    """Add up what became of events at their consumers in a stretch of time.

    Returns:
        One row for each `consumer` and `address`: `count` (attempts, lost ones too), `errors` (refused, lost,
        dead-lettered), and from the publishing until the acknowledgement `p50_ns` and `p99_ns`.
    """
    where = view.where("d").within("d.at_ns", interval.from_ns, interval.until_ns)
    return view.ask(_DELIVERIES, where=where.sql, handed=HANDED, bad=BAD, names=("consumer", "address"))


def known_traffic(view: RunView) -> pl.DataFrame:
    """Return who had to do with whom in the run: `kind`, `sender`, `address`, `consumer`; for logs without graph."""
    return view.ask(_KNOWN, met=(*HANDED, "refused"), names=("kind", "sender", "address", "consumer"))


@one_burst
def queues_at(view: RunView, at_ns: int) -> pl.DataFrame:
    """Count the events that each consumer had not done with before an instant: `consumer`, `waiting`.

    A consumer waits for every event of the addresses of which the run ever handed it one, from when it was published
    until the consumer acknowledged it or it was dead-lettered. Streams that are only read acknowledge nothing, and an
    event whose publishing was lost reached nobody.
    """
    return view.ask(_QUEUES, at_ns=at_ns, names=("consumer",))


@one_burst
def replicas_at(view: RunView, at_ns: int) -> pl.DataFrame:
    """Return the replicas that had begun before an instant: `service`, `replica`, `is_up`, `change`, `since_ns`."""
    return view.ask(_REPLICAS, at_ns=at_ns, names=("service", "change"))


@one_burst
def breakers_at(view: RunView, at_ns: int) -> pl.DataFrame:
    """Return the breakers that were not closed before an instant: `service`, `replica`, `target`, `state`, `since_ns`.

    A breaker lives in its caller's memory: after a crash of the caller it is closed.
    """
    return view.ask(_BREAKERS, at_ns=at_ns, names=("service", "target", "state"))


def code_places(view: RunView, service: str, *, limit: int = 60) -> pl.DataFrame:
    """Return where the handlers of a service stand: `kind`, `name`, `cell`, `line`."""
    where = view.where().named("service", service).named("kind", *HANDLING)
    return view.ask(_PLACES, where=where.sql, limit=limit, names=("kind", "name", "cell"))


@one_burst
def last_errors(
    view: RunView, interval: Interval, *, service: str = "", address: str = "", source: str = "", limit: int = 6
) -> pl.DataFrame:
    """Return the spans that went wrong last: `end_ns`, `span`, `trace`, `kind`, `name`, `service`, `status`, `error`.

    Args:
        view: The run.
        interval: In which they ended.
        service: Whose they are.
        address: What they handled or called; `*` stands for any characters.
        source: Who called; only calls then.
        limit: How many.
    """
    where = view.where().named("service", service or source).named("name", address)
    where.named("kind", *(CALLING if source and not service else (*CALLING, *HANDLING)))
    where.within("end_ns", interval.from_ns, interval.until_ns)
    return view.ask(_ERRORS, where=where.sql, limit=limit, names=("kind", "name", "service", "status", "error"))


_WORK = """
with finished as (
  select kind, service, name, end_ns - start_ns as took, status,
    kind in (select id from raw.names where run = {run} and text in {calling}) as is_call
  from raw.spans where {where}
    and status not in (select id from raw.names where run = {run} and text = 'unfinished')
)
select if(grouping(name) = 1, null, kind) as kind, service, if(grouping(name) = 1, null, name) as name,
  count(*) as count, count(*) filter (
    status not in (select id from raw.names where run = {run} and text = 'ok')) as errors,
  quantile_disc(took, 0.5)::bigint as p50_ns, quantile_disc(took, 0.99)::bigint as p99_ns
from finished group by grouping sets ((kind, service, name), (is_call, service))
having not (grouping(name) = 1 and is_call)
"""
_PUBLISHING = """
select kind, sender, address, count(*) as count from raw.messages where {where} group by all
"""
_DELIVERIES = """
with outcomes as materialized (
  select id, text in {handed} as is_handed, text in {bad} as is_bad, text = 'acknowledged' as is_done
  from raw.names where run = {run}
), counted as (
  select d.consumer, m.address, o.is_handed, o.is_bad, o.is_done, if(o.is_done, d.at_ns - m.at_ns, null) as took
  from raw.deliveries d
  join raw.messages m on m.run = {run} and m.message = d.message
  join outcomes o on o.id = d.outcome
  where {where} and m.kind in (select id from raw.names where run = {run} and text = 'event')
)
select consumer, address, count(*) filter (is_handed or is_bad) as count, count(*) filter (is_bad) as errors,
  quantile_disc(took, 0.5)::bigint as p50_ns, quantile_disc(took, 0.99)::bigint as p99_ns
from counted group by all having count(*) filter (is_handed or is_bad or is_done) > 0
"""
_KNOWN = """
select distinct m.kind, m.sender, m.address, d.consumer
from (
  select distinct consumer, message from raw.deliveries
  where run = {run} and outcome in (select id from raw.names where run = {run} and text in {met})
) d
join raw.messages m on m.run = {run} and m.message = d.message
"""
_QUEUES = """
with events as materialized (
  select message, address, at_ns from raw.messages
  where run = {run} and kind in (select id from raw.names where run = {run} and text = 'event')
), outcomes as materialized (
  select id, text in ('acknowledged', 'dead-lettered') as is_done, text = 'lost' as is_lost
  from raw.names where run = {run}
), gone as (
  select d.message from raw.deliveries d join outcomes o on o.id = d.outcome
  where d.run = {run} and o.is_lost
    and d.reason in (select id from raw.names where run = {run} and text = 'publish')
), handed as materialized (
  select d.message, d.consumer, any_value(e.address) as address,
    min(d.at_ns) filter (o.is_done) as done_ns
  from raw.deliveries d join events e on e.message = d.message join outcomes o on o.id = d.outcome
  where d.run = {run} and d.reason not in (
    select id from raw.names where run = {run} and text in ('publish', 'confirmation', 'dropped', 'stream'))
  group by d.message, d.consumer
), published as (
  select address, count(*) as n from events
  where at_ns < {at_ns} and message not in (select message from gone) group by address
), due as (
  select w.consumer, sum(p.n) as n from (select distinct address, consumer from handed) w
  join published p on p.address = w.address group by w.consumer
), done as (
  select consumer, count(*) as n from handed where done_ns < {at_ns} group by consumer
)
select due.consumer, greatest(0, due.n - coalesce(done.n, 0))::bigint as waiting
from due left join done on done.consumer = due.consumer where due.n > coalesce(done.n, 0)
"""
_REPLICAS = """
select l.service, l.replica, arg_max(c.text in ('started', 'resumed'), l.seq) as is_up,
  arg_max(l.change, l.seq) as change, arg_max(l.at_ns, l.seq) as since_ns
from raw.lives l
join raw.names c on c.run = {run} and c.id = l.change
join raw.names r on r.run = {run} and r.id = l.reason
where l.run = {run} and l.at_ns < {at_ns} and r.text <> 'as a zombie'
group by l.service, l.replica order by l.service, l.replica
"""
_BREAKERS = """
with turns as (
  select service, replica, target, arg_max(change, seq) as state, max(at_ns) as since_ns
  from raw.policies where run = {run} and at_ns < {at_ns}
    and policy = (select id from raw.names where run = {run} and text = 'breaker')
    and change in (select id from raw.names where run = {run} and text in ('opened', 'half-open', 'closed'))
  group by service, replica, target
)
select t.service, t.replica, t.target, t.state, t.since_ns from turns t
where t.state in (select id from raw.names where run = {run} and text in ('opened', 'half-open'))
  and not exists (select 1 from raw.lives l where l.run = {run} and l.service = t.service and l.replica = t.replica
    and l.at_ns > t.since_ns and l.at_ns < {at_ns}
    and l.change in (select id from raw.names where run = {run} and text in ('crashed', 'stopped')))
order by t.service, t.replica, t.target
"""
_PLACES = """
select kind, name, arg_max(cell, seq) as cell, arg_max(line, seq) as line from raw.spans
where {where} group by kind, name order by kind, name limit {limit}
"""
_ERRORS = """
select end_ns, span, trace, kind, name, service, status, error from raw.spans
where {where} and status not in (select id from raw.names where run = {run} and text in ('ok', 'unfinished'))
order by end_ns desc, span desc limit {limit}
"""
