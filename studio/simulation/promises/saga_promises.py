"""What is promised of sagas: each ends, what is completed is not run again, what is compensated leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.model.effect import Effect
from studio.model.saga import Saga, Step
from studio.simulation.promises.promise import Evidence, Finding, Promise, broken
from studio.store.queries import identifier, literal

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COMPENSATED_LEAVES_NOTHING", "COMPLETED_STEPS_RUN_ONCE", "SAGAS_END"]

_UNFINISHED = ("running", "compensating")
LEFT_MAX = 20
"""Leavings of one effect that are told."""


def _unended(evidence: Evidence) -> Finding:
    """Find instances that are neither completed nor compensated nor stuck, nor given up by an operator."""
    import polars as pl

    last = _last_states(evidence)
    left = last.filter(pl.col("state").is_in(_UNFINISHED))
    rows = (
        broken(f"{row['saga']} is still {row['state']}", row["saga"], row["at_ns"])
        for row in left.iter_rows(named=True)
    )
    return Finding(len(last), tuple(rows))


def _last_states(evidence: Evidence) -> pl.DataFrame:
    changes = evidence.table("sagas").sort("seq")
    return changes.unique("saga", keep="last", maintain_order=True).sort("seq")


def _run_again(evidence: Evidence) -> Finding:
    """Find steps that began once more after their instance was taken over, though they were done before that."""
    import polars as pl

    done = (
        evidence.table("saga_steps")
        .filter(pl.col("phase") == "done")
        .select("saga", "step", pl.col("seq").alias("done_seq"), pl.col("at_ns").alias("done_ns"))
    )
    taken = evidence.table("sagas").filter(pl.col("epoch") > 1, pl.col("state") == "running")
    if not len(done) or not len(taken):
        return Finding(len(done))
    overs = taken.select("saga", pl.col("seq").alias("taken_seq"), pl.col("at_ns").alias("taken_ns"))
    spans = evidence.table("spans").join(overs.select("saga").unique(), on="saga", how="semi")
    # Steps hang under the span of whoever carries the instance; one who was paused, and woke, began before.
    carried = spans.filter(pl.col("kind") == "saga").select(
        pl.col("span").alias("parent"), pl.col("start_ns").alias("carried_ns")
    )
    steps = spans.filter(pl.col("kind") == "step").with_columns(pl.col("name").str.split(".").list.last().alias("step"))
    again = (
        steps.select("saga", "step", "span", "parent", "start_ns")
        .join(carried, on="parent")
        .join(done, on=["saga", "step"])
        .join(overs, on="saga")
        .filter(pl.col("taken_seq") > pl.col("done_seq"), pl.col("carried_ns") >= pl.col("taken_ns"))
        .unique("span", keep="first", maintain_order=True)
        .sort("start_ns", "span")
    )
    return Finding(len(done), tuple(map(_told_again, again.iter_rows(named=True))))


def _told_again(row: dict[str, Any]) -> dict[str, Any]:
    what = f"{row['step']} of {row['saga']} was done, and ran again after the instance was taken over"
    return broken(what, row["saga"], row["start_ns"], step=row["step"])


def _leavings(evidence: Evidence) -> Finding:
    """Find what declared effects of compensated instances are still there."""
    import polars as pl

    declared = [(saga, step) for saga in evidence.graph.sagas.values() for step in saga.steps if step.effects]
    if not declared:
        return Finding(0)
    undone = _last_states(evidence).filter(pl.col("state") == "compensated")
    rows: list[dict[str, Any]] = []
    for saga, step in declared:
        keys = undone.filter(pl.col("name") == saga.name)["saga"].str.strip_prefix(f"{saga.name}/").to_list()
        for effect in step.effects if keys else ():
            rows += _left(evidence, saga, step, effect, keys)
    return Finding(len(undone), tuple(rows))


def _left(evidence: Evidence, saga: Saga, step: Step, effect: Effect, keys: list[str]) -> list[dict[str, Any]]:
    """Return what is left of one effect of some instances."""
    owner, _, name = effect.target.partition(".")
    is_ledger = owner in evidence.graph.externals and name in evidence.graph.externals[owner].ledgers
    source = "external" if is_ledger else f"{identifier(owner)}.{identifier(name)}"
    own = f"name = {literal(owner)} and ledger = {literal(name)} and " if is_ledger else ""
    key = identifier(effect.key) if effect.key else "document_key"
    wanted = ", ".join(map(literal, keys))
    query = f"select {key} as key from {source} where {own}cast({key} as varchar) in ({wanted})"  # noqa: S608 - quoted
    if effect.where:
        query += f"\n  and (\n{effect.where}\n)"
    found = evidence.log.sql(f"{query}\norder by 1 limit {LEFT_MAX}", cell=f"effect of {saga.name}.{step.name}")
    what = f"{effect} of {step.name} is still there, though the saga was compensated"
    return [broken(f"{what} ({each})", f"{saga.name}/{each}", evidence.now_ns) for each in found["key"]]


SAGAS_END = Promise(
    "sagas_end",
    "Every saga ends completed, compensated, stuck, or abandoned by an operator.",
    "By the end of the run, as long as an orchestrator runs again and storage comes back.",
    _unended,
)
COMPLETED_STEPS_RUN_ONCE = Promise(
    "completed_steps_run_once",
    "A step whose completion was journalled is not run again when its saga is taken over.",
    "Every delivery model: it rests on the journal. A step that was begun and not journalled as done is asked again.",
    _run_again,
    needs_end=False,
)
COMPENSATED_LEAVES_NOTHING = Promise(
    "compensated_leaves_nothing",
    "Nothing is left of what the steps of a compensated saga did.",
    "Where steps declare their effects: saga.step(effect=…). Whether it holds is up to the compensations.",
    _leavings,
)
