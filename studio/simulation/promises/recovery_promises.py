"""What is promised of a run as a whole: that it comes to rest, and that after the faults it does as much as before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from studio.errors import NeverConverged
from studio.model.duration import format_ns
from studio.model.phases import phases_of
from studio.simulation.cluster.timetable import BUSY
from studio.simulation.promises.patience import explained
from studio.simulation.promises.promise import Evidence, Finding, Promise, broken
from studio.simulation.summary import busy_in_words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["GOODPUT_RECOVERS", "RUN_CONVERGES"]

SHARE_MIN = 0.8
"""What the rate of successes, for each arrival, must come back to, of what it was before the faults."""
ARRIVALS_MIN = 20
"""Fewer arrivals in either stretch tell nothing."""


def _busy(evidence: Evidence) -> Finding:
    """Find out whether the run was stopped at its deadline, and what was still busy then."""
    import polars as pl

    logs = evidence.table("logs")
    told = logs.filter(pl.col("service") == "world", pl.col("text").str.starts_with(BUSY))
    rows = []
    for row in told.iter_rows(named=True):
        error = NeverConverged(limit=row["text"].rpartition(" ")[2], busy=busy_in_words(row["fields"]))
        rows.append(broken(str(error), error.code, row["at_ns"], **_note(evidence, json.loads(row["fields"]))))
    return Finding(1, tuple(rows))


def _note(evidence: Evidence, busy: dict[str, Any]) -> dict[str, str]:
    """Return what the delivery model may have kept a run waiting for, where events were left undelivered."""
    if evidence.scenario is None or not busy.get("undelivered"):
        return {}
    return explained(evidence.scenario, phases_of(evidence.scenario).converge_ns)


def _unrecovered(evidence: Evidence) -> Finding:
    """Compare successes for each arrival: in the later half of the quiet, and of the time after the faults healed."""
    scenario = evidence.scenario
    phases = None if scenario is None else phases_of(scenario).within(evidence.end_ns)
    if phases is None or phases.heal_ns is None or not phases.quiet_ns:
        return Finding(0)
    quiet_ns, heal_ns, end_ns = phases.quiet_ns, phases.heal_ns, evidence.end_ns
    before, after = (quiet_ns // 2, quiet_ns), ((heal_ns + end_ns) // 2, end_ns)
    arrived = [_arrivals(evidence, *each) for each in (before, after)]
    if min(arrived) < ARRIVALS_MIN:
        return Finding(0)
    shares = [_successes(evidence, *each) / count for each, count in zip((before, after), arrived, strict=True)]
    if shares[1] >= SHARE_MIN * shares[0]:
        return Finding(arrived[1])
    what = (
        f"after the faults healed {shares[1]:.0%} of arrivals succeeded, before them {shares[0]:.0%}: "
        f"less than {SHARE_MIN:.0%} of that"
    )
    more = {"measured_from": format_ns(after[0])} | explained(scenario, after[0] - heal_ns)
    return Finding(arrived[1], (broken(what, "goodput", heal_ns, **more),))


def _arrivals(evidence: Evidence, from_ns: int, until_ns: int) -> int:
    """Return how many messages came from outside in a stretch of time."""
    import polars as pl

    within = pl.col("at_ns").is_between(from_ns, until_ns, closed="left")
    return len(evidence.table("messages").filter(within, pl.col("sender") == "world"))


def _successes(evidence: Evidence, from_ns: int, until_ns: int) -> int:
    """Return how many things asked from outside came right in a stretch: sagas, and calls that started none."""
    import polars as pl

    def within(column: str) -> pl.Expr:
        return pl.col(column).is_between(from_ns, until_ns, closed="left")

    changes = evidence.table("sagas")
    completed = changes.filter(within("at_ns"), pl.col("state") == "completed")
    asked = evidence.table("spans").filter(
        within("end_ns"), pl.col("service") == "world", pl.col("kind") != "health", pl.col("status") == "ok"
    )
    others = asked.join(changes.select("trace").unique(), on="trace", how="anti")
    return len(completed) + len(others)


RUN_CONVERGES = Promise(
    "run_converges",
    "When work has stopped arriving and faults are over, nothing is left to do before the deadline.",
    "Up to the system: no delivery model can promise it. The deadline is the scenario's converge, else its settle; a "
    "violation says what a delivery model waits for that is longer.",
    _busy,
)
GOODPUT_RECOVERS = Promise(
    "goodput_recovers",
    f"After the faults the rate of successes comes back to {SHARE_MIN:.0%} of what it was before them.",
    f"Up to the system; checked where a scenario has quiet and heal, and {ARRIVALS_MIN} messages arrive in the later "
    "half of the quiet and of the time after the heal.",
    _unrecovered,
)
