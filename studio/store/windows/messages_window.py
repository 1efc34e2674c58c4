"""Ask a run for its messages: those that fit a filter, a page at a time, each with what became of it.

Two phases: which messages, by numbers alone; then contents, names and deliveries of the few that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from studio.store.windows.bursts import one_burst
from studio.store.windows.conditions import Conditions, like
from studio.store.windows.message_outcomes import BETWEEN, with_outcomes
from studio.store.windows.patterns import address_patterns, saga_patterns
from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = ["KINDS", "MessageFilter", "MessageOrder", "all_messages", "count_messages", "list_messages",
           "messages_of"]  # fmt: skip

MessageOrder = Literal["seq", "address", "kind", "attempts"]

KINDS: Final = ("call", "event", "http", "job", "health")

ROWS_MAX = 1_000_000
_CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are wanted; what is empty or None does not matter.

    Attributes:
        service: That sent it, or was to get it.
        source: That sent it.
        consumer: That was to get it.
        address: Or a pattern such as `Order.*`.
        kind: One of `KINDS`.
        key: The event's, `*` for any characters.
        saga: A saga's name, or one instance of it: whose work sent it.
        outcome: That one of its deliveries had; one of `studio.store.windows.message_outcomes.OUTCOMES`.
        text: In its address, key or contents.
        trace: That it belongs to.
        from_ns: Sent then or later.
        until_ns: Sent before.
    """

    service: str = ""
    source: str = ""
    consumer: str = ""
    address: str = ""
    kind: str = ""
    key: str = ""
    saga: str = ""
    outcome: str = ""
    text: str = ""
    trace: int | None = None
    from_ns: int | None = None
    until_ns: int | None = None


_COUNT = "select count(*) as n from raw.messages where {where}"
_PAGE = """
select m.seq from raw.messages m {joins} where {where} order by {order} limit {limit} offset {offset}
"""
# The few names that these deliveries have are looked up first: joined three times, all names of a run cost ten times
# as much as all else.
_ROWS = """
with shown as materialized (
  select at_ns, message, kind, address, sender, replica, key, saga, trace, span, cause, {shown}seq from raw.messages
  where run = {run} and seq in {places}
),
met as materialized (
  select seq, message, attempt, consumer, outcome, reason from raw.deliveries
  where run = {run} and message in (select message from shown)
), known as materialized (
  select id, text from raw.names where run = {run}
    and id in (select consumer from met union select outcome from met union select reason from met)
), told as (
  select d.message, max(d.attempt) as attempts, string_agg(c.text, chr({between}) order by d.seq) as takers,
    string_agg(o.text, chr({between}) order by d.seq) as outcomes,
    string_agg(r.text, chr({between}) order by d.seq) as reasons
  from met d join known c on c.id = d.consumer join known o on o.id = d.outcome join known r on r.id = d.reason
  group by d.message
)
select m.at_ns, m.message, m.kind, m.address, m.sender, m.replica, m.key, m.saga, m.trace, m.span, m.cause,
  coalesce(t.attempts, 0) as attempts, t.takers, t.outcomes, t.reasons, {body}m.seq
from shown m left join told t on t.message = m.message
"""
_NAMED: Final = ("kind", "address", "sender", "saga")
_ORDERS: Final = {"seq": "m.seq", "address": "a.text", "kind": "a.text", "attempts": "attempts"}
_JOINS: Final = {
    "address": "join raw.names a on a.run = m.run and a.id = m.address",
    "kind": "join raw.names a on a.run = m.run and a.id = m.kind",
    "attempts": (
        "left join (select message, max(attempt) as attempts from raw.deliveries where run = {run} group by message) d "
        "on d.message = m.message"
    ),
}


@one_burst
def count_messages(view: RunView, wanted: MessageFilter) -> int:
    """Return how many messages fit."""
    return int(view.ask(_COUNT, where=_where(view, wanted).sql)["n"][0])


def list_messages(
    view: RunView,
    wanted: MessageFilter,
    *,
    order: MessageOrder = "seq",
    descending: bool = True,
    offset: int = 0,
    limit: int = 100,
) -> pl.DataFrame:
    """Return a page of the messages that fit.

    Args:
        view: The run.
        wanted: Which.
        order: Column to sort by; equal ones stand as they were sent.
        descending: Whether the latest or greatest comes first.
        offset: Messages passed over.
        limit: Of the page.

    Returns:
        The messages' own columns but `causal` and `body` (contents may be long), and `attempts` (deliveries to one
        consumer, at most), `consumers`, `outcome` (what became of it in the end: of several consumers what is
        gravest), `troubles` (what it went through before), `reason` (of the outcome).
    """
    way = "desc" if descending else "asc"
    with view.burst():
        page = view.ask(
            _PAGE,
            joins=complete(_JOINS.get(order, ""), run=view.run),
            where=_where(view, wanted, "m").sql,
            order=Sql(f"{_ORDERS[order]} {way} nulls last, m.seq {way}"),
            limit=limit,
            offset=offset,
        )
        return _shown(view, page["seq"].to_list(), is_whole=False)


def all_messages(view: RunView, wanted: MessageFilter, *, rows_max: int = ROWS_MAX) -> Iterator[pl.DataFrame]:
    """Yield all messages that fit, in the order in which they were sent, in stretches of bounded size.

    Args:
        view: The run.
        wanted: Which.
        rows_max: Messages at most.
    """
    after, left = -1, rows_max
    while left > 0:
        where = _where(view, wanted, "m").also("m.seq > {after}", after=after)
        page = view.ask(_PAGE, joins=Sql(""), where=where.sql, order=Sql("m.seq"), limit=min(_CHUNK, left), offset=0)
        if not len(page):
            if after < 0:
                yield _shown(view, [])  # no rows, but their columns
            return
        yield _shown(view, page["seq"].to_list())
        after, left = page["seq"][-1], left - len(page)


def messages_of(view: RunView, where: Conditions, *, limit: int = 200, is_whole: bool = False) -> pl.DataFrame:
    """Return the first messages that satisfy some conditions, with the columns of `list_messages`.

    Args:
        view: The run.
        where: Conditions on `raw.messages` as `m`.
        limit: How many at most.
        is_whole: Whether their contents are wanted, as column `body`.
    """
    page = view.ask(_PAGE, joins=Sql(""), where=where.sql, order=Sql("m.seq"), limit=limit, offset=0)
    return _shown(view, page["seq"].to_list(), is_whole=is_whole)


def _shown(view: RunView, places: list[int], *, is_whole: bool = True) -> pl.DataFrame:
    """Return messages by their places in the run, in the order of these."""
    import polars as pl

    order = pl.DataFrame({"seq": places, "order": range(len(places))}, schema={"seq": pl.Int64, "order": pl.Int64})
    shown, body = (Sql(field if is_whole else "") for field in ("body, ", "m.body, "))
    found = view.ask(_ROWS, names=_NAMED, places=places, between=ord(BETWEEN), shown=shown, body=body)
    return with_outcomes(found.join(order, on="seq").sort("order").drop("order"))


def _where(view: RunView, wanted: MessageFilter, alias: str = "") -> Conditions:
    found = Conditions(view, alias).within("at_ns", wanted.from_ns, wanted.until_ns)
    found.named("sender", wanted.source).named("kind", wanted.kind)
    found.named("address", *address_patterns(wanted.address)).named("saga", *saga_patterns(wanted.saga))
    found.containing(wanted.text, names=("address",), texts=("key", "body")).equal("trace", wanted.trace)
    if wanted.key:
        found.also("{key} ilike {like} escape '\\'", key=_column("key", alias), like=like(wanted.key))
    if wanted.consumer:
        found.also("{message} in ({taken})", message=_column("message", alias), taken=_taken(view, wanted.consumer))
    if wanted.outcome:
        ended = _delivered(_ended(view, wanted.outcome))
        found.also("{message} in ({ended})", message=_column("message", alias), ended=ended)
    if wanted.service:
        own = Conditions(view, alias).named("sender", wanted.service).sql
        found.also("({own}) or {message} in ({taken})", own=own, message=_column("message", alias),
                   taken=_taken(view, wanted.service))  # fmt: skip
    return found


def _column(name: str, alias: str) -> Sql:
    return Sql(f"{alias}.{name}" if alias else name)


def _taken(view: RunView, consumer: str) -> Sql:
    """Return the messages that were meant for a consumer: an answer, too, is delivered, but to the caller."""
    met = Conditions(view).named("consumer", consumer)
    return _delivered(met.named("outcome", "delivered", "refused", "redelivered", "dead-lettered", "lost"))


def _ended(view: RunView, outcome: str) -> Conditions:
    if outcome != "error":
        return Conditions(view).named("outcome", outcome)
    fine = view.ids_query("", "2*", "3*")  # an HTTP status, or nothing
    return Conditions(view).named("outcome", "replied").also("reason not in ({fine})", fine=fine)


def _delivered(where: Conditions) -> Sql:
    return complete("select message from raw.deliveries where {where}", where=where.sql)
