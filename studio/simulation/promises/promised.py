"""List what Studio promises of every run, and say which of it a scenario is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.errors import UnknownPromise, Where, nearest
from studio.model.duration import duration_ns
from studio.model.invariant import Mode
from studio.model.scenario import Scenario
from studio.simulation.checking.asking import as_text
from studio.simulation.promises.delivery_promises import NO_MESSAGE_LOST, QUEUE_AGE_BOUNDED
from studio.simulation.promises.promise import Evidence, Promise
from studio.simulation.promises.recovery_promises import GOODPUT_RECOVERS, RUN_CONVERGES
from studio.simulation.promises.saga_promises import (
    COMPENSATED_LEAVES_NOTHING,
    COMPLETED_STEPS_RUN_ONCE,
    SAGAS_END,
)
from studio.simulation.promises.time_promises import DEADLINES_RESPECTED

if TYPE_CHECKING:
    import polars as pl

    from studio.simulation.run import Run

__all__ = ["PROMISES", "asked", "check_without", "promises", "promises_of", "tested_in"]

PROMISES: dict[str, Promise] = {
    promise.name: promise
    for promise in (
        NO_MESSAGE_LOST,
        SAGAS_END,
        COMPENSATED_LEAVES_NOTHING,
        COMPLETED_STEPS_RUN_ONCE,
        DEADLINES_RESPECTED,
        QUEUE_AGE_BOUNDED,
        GOODPUT_RECOVERS,
        RUN_CONVERGES,
    )
}
"""Name to promise, in the order in which they are told."""


def promises() -> pl.DataFrame:
    """List what Studio promises of every run: name, what holds, and the condition under which it does.

    A scenario is held to all of them but those that it is declared `without`.

    Example:
        studio.promises()
    """
    import polars as pl

    found = PROMISES.values()
    return pl.DataFrame(
        {
            "promise": [each.name for each in found],
            "holds": [each.summary for each in found],
            "when": [each.condition for each in found],
        }
    )


def check_without(scenario: Scenario, where: Where | None = None) -> None:
    """Refuse a scenario that is declared without what is no promise: it would pass for heeded.

    Raises:
        UnknownPromise: With the nearest names.
    """
    for name in scenario.without:
        if name not in PROMISES:
            raise UnknownPromise(where=where, scenario=scenario.name, promise=name, known=nearest(name, PROMISES))


def promises_of(scenario: Scenario | None) -> list[Promise]:
    """Return the promises that a scenario is held to; of a world played by hand, those that need no end."""
    if scenario is None:
        return [each for each in PROMISES.values() if not each.needs_end]
    return [each for each in PROMISES.values() if each.name not in scenario.without]


class PromiseQuestion:
    """A promise, asked of a run in its end.

    Attributes:
        name: Of the promise; `mode`, `tables` and `is_fed` as for any invariant.
    """

    mode: Mode = "eventually"
    tables: frozenset[str] | None = None

    def __init__(self, promise: Promise, evidence: Evidence) -> None:
        self.name = promise.name
        self._promise, self._evidence = promise, evidence
        self.is_fed = False

    def ask(self) -> list[str]:
        """Return what breaks it, as JSON."""
        found = self._promise.check(self._evidence)
        self.is_fed = found.subjects > 0
        return [as_text(row) for row in found.rows]


def tested_in(run: Run) -> frozenset[str]:
    """Return the names of the promises that a scenario's run has tested, found out from its records."""
    scenario = run.build.graph.scenarios.get(run.scenario)
    if scenario is None or run.status != "finished":
        return frozenset()
    end_ns = (run.case.duration_ns if run.case is not None else 0) or duration_ns(scenario.duration)
    evidence = Evidence(run.log, run.build.graph, scenario, end_ns, run.end_ns)
    is_busy = bool(RUN_CONVERGES.check(evidence).rows)
    questions = asked(evidence, is_busy=is_busy)
    for each in questions:
        each.ask()
    return frozenset(each.name for each in questions if each.is_fed)


def asked(evidence: Evidence, *, is_busy: bool) -> list[PromiseQuestion]:
    """Return what is asked of a run in its end, by the promises that it is held to.

    Args:
        evidence: Its log, and its scenario.
        is_busy: Whether it did not come to rest.
    """
    held = promises_of(evidence.scenario)
    return [PromiseQuestion(each, evidence) for each in held if not (is_busy and each.needs_rest)]
