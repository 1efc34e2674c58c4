"""What is promised of deadlines: they travel, nobody begins after one, nobody waits past one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.errors import DeadlineExceeded
from studio.model.duration import format_ns
from studio.simulation.promises.promise import Evidence, Finding, Promise, broken

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DEADLINES_RESPECTED"]

_CLOCKS = "clock"
"""How the kinds of faults begin that let clocks disagree."""


def _overrun(evidence: Evidence) -> Finding:
    """Find work that began, or waited on, after the one who asked for it had given up.

    A caller gives up at its deadline, and that is in the log. Whatever handles the call must not begin later, and what
    the handler calls in its turn must have given up by then, too, since the deadline has travelled there.
    """
    import polars as pl

    if evidence.table("faults")["kind"].str.starts_with(_CLOCKS).any():
        return Finding(0)
    calls = evidence.table("messages").filter(pl.col("kind") == "call").select("message", "address")
    timed_out = evidence.table("deliveries").filter(pl.col("outcome") == "timed-out")
    if not len(timed_out):
        return Finding(len(calls))
    given_up = (
        timed_out.join(calls, on="message")
        .group_by("message")
        .agg(pl.col("at_ns").max().alias("due_ns"), pl.col("address").first())
    )
    if not len(given_up):
        return Finding(len(calls))
    handled = evidence.table("spans").filter(pl.col("kind") == "handle").join(given_up, on="message")
    late = handled.filter(pl.col("start_ns") >= pl.col("due_ns"), pl.col("error") != DeadlineExceeded.code)
    waiting = _waiting(evidence, handled).sort("start_ns", "span")
    late = late.sort("start_ns", "span")
    rows = [*map(_told_late, late.iter_rows(named=True)), *map(_told_waiting, waiting.iter_rows(named=True))]
    return Finding(len(calls), tuple(rows))


def _waiting(evidence: Evidence, handled: pl.DataFrame) -> pl.DataFrame:
    """Return the calls of handlers that went on after the handlers' own callers had given up."""
    import polars as pl

    outer = handled.select(pl.col("span").alias("parent"), "due_ns", "service")
    inner = evidence.table("spans").filter(pl.col("kind") == "call", pl.col("status") != "crashed")
    joined = inner.select("span", "parent", "start_ns", "end_ns", "name", "status", "replica").join(outer, on="parent")
    ended = pl.col("status") != "unfinished"
    late = joined.filter(ended, pl.col("end_ns") > pl.col("due_ns"), pl.col("end_ns") > pl.col("start_ns"))
    return late.join(_stood_still(evidence, late), on="span", how="anti")


def _stood_still(evidence: Evidence, waiting: pl.DataFrame) -> pl.DataFrame:
    """Return the spans of waiting during which the process was paused: it can give up only when it wakes."""
    import polars as pl

    lives = evidence.table("lives").filter(pl.col("change") == "paused")
    pauses = lives.select("service", "replica", pl.col("at_ns").alias("paused_ns"))
    during = pl.col("paused_ns").is_between(pl.col("start_ns"), pl.col("end_ns"))
    return waiting.join(pauses, on=["service", "replica"]).filter(during).select("span")


def _told_late(row: dict[str, Any]) -> dict[str, Any]:
    what = f"{row['service']} began {row['name']} when its caller had given up at {format_ns(row['due_ns'])}"
    return broken(what, row["message"], row["start_ns"])


def _told_waiting(row: dict[str, Any]) -> dict[str, Any]:
    what = f"{row['service']} waited for {row['name']} though its own caller had given up at {format_ns(row['due_ns'])}"
    return broken(what, row["span"], row["end_ns"])


DEADLINES_RESPECTED = Promise(
    "deadlines_respected",
    "No handler begins after its call's deadline, and no caller waits past its own.",
    "Every delivery model, as long as clocks agree: a fault that sets one wrong takes it away. A caller that stands "
    "still gives up when it wakes.",
    _overrun,
    needs_end=False,
)
