"""Ask a run what is known of one message: its deliveries, what struck it, why it was sent, what it led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.store.windows.bursts import one_burst
from studio.store.windows.conditions import Conditions
from studio.store.windows.messages_window import messages_of
from studio.store.windows.statements import Sql

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = ["DELIVERIES_MAX", "MessageStory", "count_dead_letters", "list_dead_letters", "message_story"]

DELIVERIES_MAX = 500

_DELIVERIES = """
select at_ns, consumer, replica, attempt, outcome, reason from raw.deliveries
where run = {run} and message = {message} order by seq limit {limit}
"""
_FAULTS = """
select at_ns, fault, kind, target, detail from raw.faults
where run = {run} and message = {message} order by seq limit {limit}
"""
# A letter that was delivered again afterwards is no longer dead: an operator has sent it once more.
_BURIED = """
with buried as (
  select d.message, d.consumer, max(d.seq) as seq, arg_max(d.at_ns, d.seq) as at_ns,
    arg_max(d.attempt, d.seq) as attempts, arg_max(d.reason, d.seq) as reason
  from raw.deliveries d where {where} group by d.message, d.consumer
), dead as (
  select b.* from buried b where not exists (
    select 1 from raw.deliveries d
    where d.run = {run} and d.message = b.message and d.consumer = b.consumer and d.seq > b.seq)
)
"""
_LETTERS = f"""
{_BURIED}, page as (select * from dead order by seq desc limit {{limit}} offset {{offset}})
select p.at_ns, p.message, p.consumer, m.address, m.key, p.attempts, p.reason, m.trace, m.body
from page p join raw.messages m on m.run = {{run}} and m.message = p.message
qualify row_number() over (partition by p.message, p.consumer order by m.seq) = 1 order by p.seq desc
"""  # noqa: S608 - our own names
_COUNT = f"{_BURIED} select count(*) as n from dead"  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class MessageStory:
    """What is known of a message.

    Attributes:
        message: One row, with the columns of `list_messages`, and `body`.
        deliveries: `at_ns`, `consumer`, `replica`, `attempt`, `outcome`, `reason`, in order.
        faults: That struck it: `at_ns`, `fault`, `kind`, `target`, `detail`.
        cause: The message that was being handled when it was sent: one row, or none.
        effects: Messages that were sent while it was handled.
    """

    message: pl.DataFrame
    deliveries: pl.DataFrame
    faults: pl.DataFrame
    cause: pl.DataFrame
    effects: pl.DataFrame


def message_story(view: RunView, message: int) -> MessageStory | None:
    """Return the story of a message; None where the run has none of this number."""
    with view.burst():
        found = messages_of(view, Conditions(view, "m").equal("message", message), limit=1, is_whole=True)
        if not len(found):
            return None
        cause = int(found["cause"][0])
        return MessageStory(
            found,
            view.ask(_DELIVERIES, names=["consumer", "outcome", "reason"], message=message, limit=DELIVERIES_MAX),
            view.ask(_FAULTS, names=["kind", "target"], message=message, limit=DELIVERIES_MAX),
            messages_of(view, Conditions(view, "m").equal("message", cause or -1), limit=1),
            messages_of(view, Conditions(view, "m").equal("cause", message)),
        )


@one_burst
def count_dead_letters(view: RunView, *, consumer: str = "") -> int:
    """Return how many dead letters there are."""
    return int(view.ask(_COUNT, where=_buried(view, consumer))["n"][0])


@one_burst
def list_dead_letters(view: RunView, *, consumer: str = "", offset: int = 0, limit: int = 100) -> pl.DataFrame:
    """Return events that their consumers have given up, the latest first.

    Args:
        view: The run.
        consumer: Only its own; empty for all.
        offset: Letters passed over.
        limit: How many at most.

    Returns:
        `at_ns`, `message`, `consumer`, `address`, `key`, `attempts`, `reason`, `trace`, `body`.
    """
    where = _buried(view, consumer)
    return view.ask(_LETTERS, names=["consumer", "address", "reason"], where=where, offset=offset, limit=limit)


def _buried(view: RunView, consumer: str) -> Sql:
    return Conditions(view, "d").named("outcome", "dead-lettered").named("consumer", consumer).sql
