"""Ask a run what is known of one saga instance: its states, its journal, every attempt, its orchestrator's crashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView
    from studio.store.windows.statements import Value

__all__ = ["ROWS_MAX", "SagaStory", "saga_story"]

ROWS_MAX = 2_000

_STATES = """
select at_ns, name, state, epoch, version, reason, trace from raw.sagas
where run = {run} and saga in {ids} order by seq limit {limit}
"""
_JOURNAL = """
select at_ns, step, phase, attempt, error, body from raw.saga_steps
where run = {run} and saga in {ids} order by seq limit {limit}
"""
_ATTEMPTS = """
select start_ns, end_ns, kind, name, status, error, replica, span, trace, cell, line from raw.spans
where run = {run} and saga in {ids} and kind in {kinds} order by start_ns, span limit {limit}
"""
_LIVES = """
select at_ns, replica, incarnation, change, reason from raw.lives
where run = {run} and service in {services} and at_ns between {from_ns} and {until_ns} order by seq limit {limit}
"""
_FAULTS = """
select f.at_ns, f.fault, f.kind, f.target, f.detail from raw.faults f where f.run = {run} and (
  f.message in (select message from raw.messages where run = {run} and saga in {ids})
  or (f.message = 0 and f.target in {targets} and f.at_ns between {from_ns} and {until_ns})
) order by f.seq limit {limit}
"""
_MESSAGES = "select count(*) as n from raw.messages where run = {run} and saga in {ids}"


@dataclass(frozen=True, slots=True)
class SagaStory:
    """What is known of a saga instance, each part in the order in which it happened.

    Attributes:
        saga: The instance.
        name: The saga's.
        states: `at_ns`, `state`, `epoch`, `version`, `reason`, `trace`; a row for each change and taking over.
        journal: `at_ns`, `step`, `phase`, `attempt`, `error`, `body`.
        attempts: `start_ns`, `end_ns`, `kind` (step or compensation), `name`, `status`, `error`, `replica`, `span`,
            `trace`, `cell`, `line`; one that goes on is not among them.
        lives: Of its orchestrator while it was under way: `at_ns`, `replica`, `incarnation`, `change`, `reason`.
        faults: That struck its messages or its orchestrator: `at_ns`, `fault`, `kind`, `target`, `detail`.
        messages: How many its work has sent.
        end_ns: When it last changed; now, where it is under way.
    """

    saga: str
    name: str
    states: pl.DataFrame
    journal: pl.DataFrame
    attempts: pl.DataFrame
    lives: pl.DataFrame
    faults: pl.DataFrame
    messages: int
    end_ns: int

    @property
    def state(self) -> str:
        """The latest state."""
        return str(self.states["state"][-1])

    @property
    def traces(self) -> list[int]:
        """Traces in which it worked, the first one first."""
        found = [*self.states["trace"].to_list(), *self.attempts["trace"].to_list()]
        return [int(trace) for trace in dict.fromkeys(found) if trace]


def saga_story(view: RunView, saga: str) -> SagaStory | None:
    """Return the story of a saga instance; None where the run has none of this id.

    Args:
        view: The run.
        saga: The instance, such as `OrderProcessing/order-17`.
    """
    with view.burst():
        works = view.ids("step", "compensation")
        of: dict[str, Value] = {"ids": view.ids(saga), "limit": ROWS_MAX}
        states = view.ask(_STATES, names=["name", "state", "version", "reason"], **of)
        if not len(states):
            return None
        name = str(states["name"][0])
        is_over = states["state"][-1] in ("completed", "compensated", "abandoned")
        end_ns = int(states["at_ns"][-1]) if is_over else max(view.span_ns[1], int(states["at_ns"][-1]))
        when: dict[str, Value] = {"from_ns": int(states["at_ns"][0]), "until_ns": end_ns}
        return SagaStory(
            saga,
            name,
            states.drop("name"),
            view.ask(_JOURNAL, names=["step", "phase", "error"], **of),
            view.ask(_ATTEMPTS, names=["kind", "name", "status", "error", "cell"], kinds=works, **of),
            view.ask(_LIVES, names=["change", "reason"], services=view.ids(name), limit=ROWS_MAX, **when),
            view.ask(_FAULTS, names=["kind", "target"], targets=view.ids(name, f"{name}/*"), **when, **of),
            int(view.ask(_MESSAGES, ids=view.ids(saga))["n"][0]),
            end_ns,
        )  # fmt: skip
