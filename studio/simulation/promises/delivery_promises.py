"""What is promised of events: none is lost once it was accepted, none waits longer than the scenario bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studio.address import matches, parse, pattern
from studio.graph.build import Graph
from studio.model.duration import format_ns
from studio.simulation.brokers.carrier import FORGOTTEN
from studio.simulation.promises.promise import Evidence, Finding, Promise, broken

if TYPE_CHECKING:
    import polars as pl

__all__ = ["NO_MESSAGE_LOST", "QUEUE_AGE_BOUNDED"]

_SETTLED = ("acknowledged", "dead-lettered")


def _lost(evidence: Evidence) -> Finding:
    """Find accepted events that a subscriber never settled.

    Accepted is an event whose publisher went on: the broker confirmed it, or a commit left it in the outbox. A service
    with two handlers of an event settles it twice, so settlements are counted.
    """
    import polars as pl

    accepted = _accepted(evidence)
    if not len(accepted):
        return Finding(0)
    deliveries = evidence.table("deliveries")
    forgotten = deliveries.filter(pl.col("reason") == FORGOTTEN).select("message").unique()
    settled = deliveries.filter(pl.col("outcome").is_in(_SETTLED)).group_by("message", "consumer").len("settled")
    expected = _expected(evidence.graph, accepted).join(forgotten, on="message", how="anti")
    left = (
        expected.join(settled, on=["message", "consumer"], how="left")
        .with_columns(pl.col("settled").fill_null(0))
        .filter(pl.col("settled") < pl.col("handlers"))
        .sort("at_ns", "message", "consumer")
    )
    return Finding(len(expected), tuple(map(_told_lost, left.iter_rows(named=True))))


def _told_lost(row: dict[str, Any]) -> dict[str, Any]:
    what = f"{row['address']} ({row['key'] or row['message']}) was accepted, and {row['consumer']} never settled it"
    return broken(what, row["message"], row["at_ns"], consumer=row["consumer"])


def _waited(evidence: Evidence) -> Finding:
    """Find, for each consumer, the event that waited longest, where that is longer than the bound."""
    import polars as pl

    bound_ns = evidence.bound_ns
    if bound_ns is None:
        return Finding(0)
    accepted = _accepted(evidence)
    first = (
        evidence.table("deliveries")
        .filter(pl.col("outcome").is_in(["delivered", "dead-lettered"]))
        .group_by("message", "consumer")
        .agg(pl.col("at_ns").min().alias("first_ns"))
    )
    waits = _expected(evidence.graph, accepted).join(first, on=["message", "consumer"], how="left")
    waits = waits.with_columns((pl.col("first_ns").fill_null(evidence.now_ns) - pl.col("at_ns")).alias("wait_ns"))
    over = waits.filter(pl.col("wait_ns") > bound_ns).sort("wait_ns", "message", descending=[True, False])
    worst = over.unique("consumer", keep="first", maintain_order=True).sort("at_ns", "consumer")
    counts = dict(over.group_by("consumer").len().iter_rows())
    return Finding(len(waits), tuple(_told_waiting(row, counts, bound_ns) for row in worst.iter_rows(named=True)))


def _told_waiting(row: dict[str, Any], counts: dict[str, int], bound_ns: int) -> dict[str, Any]:
    wait, count = format_ns(row["wait_ns"]), counts[row["consumer"]]
    what = f"{row['address']} ({row['key'] or row['message']}) waited {wait} for {row['consumer']}"
    return broken(what, row["message"], row["at_ns"], bound=format_ns(bound_ns), events=count)


def _accepted(evidence: Evidence) -> pl.DataFrame:
    """Return the events that were accepted: message, at_ns, address, key."""
    import polars as pl

    kept = evidence.table("spans").filter((pl.col("kind") == "publish") & (pl.col("status") == "ok")).select("span")
    events = evidence.table("messages").filter(pl.col("kind") == "event").join(kept, on="span", how="semi")
    return events.select("message", "at_ns", "address", "key").unique("message", keep="first", maintain_order=True)


def _expected(graph: Graph, accepted: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each accepted event and each subscriber of it, with how many handlers that has."""
    import polars as pl

    found = [
        (address, owner, handlers)
        for address in accepted["address"].unique(maintain_order=True)
        for owner, handlers in _subscribers(graph, address)
    ]
    wanted = pl.DataFrame(
        found, schema={"address": pl.String, "consumer": pl.String, "handlers": pl.UInt32}, orient="row"
    )
    return accepted.join(wanted, on="address")


def _subscribers(graph: Graph, address: str) -> Iterator[tuple[str, int]]:
    parsed = parse(address)
    for service in graph.services.values():
        count = sum(
            any(matches(pattern(wanted), parsed) for wanted in subscription.patterns)
            for subscription in service.subscriptions
        )
        if count:
            yield service.name, count
    for saga in graph.sagas.values():
        if str(saga.on) == address:
            yield saga.name, 1


NO_MESSAGE_LOST = Promise(
    "no_message_lost",
    "An event that was accepted ends acknowledged or dead-lettered, for every subscriber.",
    "Every delivery model, at least once, for subscribers that exist when it is published; not what a broker forgets "
    "that loses its last acknowledged writes. Asked of runs that came to rest.",
    _lost,
    needs_rest=True,
)
QUEUE_AGE_BOUNDED = Promise(
    "queue_age_bounded",
    "No event waits longer for its first delivery than the scenario's queue_age.",
    "No delivery model bounds it; checked where the scenario does (--queue-age 30s).",
    _waited,
)
