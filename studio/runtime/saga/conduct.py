"""Carry one saga instance: forward through its steps, or back through its compensations, to an end or to a stop.

The journal decides what is left to do, so carrying on after a crash and starting are the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.contract import codec
from studio.model.composition import Composition
from studio.model.saga import Compensation, Saga, Step
from studio.model.signature import read_signature
from studio.runtime.acting import Handling
from studio.runtime.saga.attempts import Outcome, Work, try_work
from studio.runtime.saga.endings import Orchestrator, conclude, park
from studio.runtime.saga.history import Entry
from studio.runtime.saga.journal import Journal
from studio.runtime.spans import OpenSpan
from studio.runtime.together import all_or_first_error

__all__ = ["Conduct"]

_FINAL = {"compensatable": ("failed", "unknown"), "pivot": ("failed",), "retriable": ()}
"""Outcomes other than done after which a step is not asked again, by its kind."""
_CANCELLED = Outcome("cancelled", error="cancelled")


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why an instance does not go on: undone, unless it is stuck."""

    step: str
    error: str
    is_stuck: bool


class Conduct:
    """One orchestrator carrying one instance.

    Args:
        host: The orchestrator.
        saga: In the version that started the instance.
        journal: The hold on it.
    """

    __slots__ = ("_host", "_journal", "_message", "_saga", "_span")

    def __init__(self, host: Orchestrator, saga: Saga, journal: Journal) -> None:
        self._host, self._saga, self._journal = host, saga, journal
        self._message: Any = None
        of = journal.instance
        self._span: OpenSpan = host.spans.start(
            "saga", saga.name, parent=of.span, trace=of.trace, message=of.message, saga=of.id
        )

    async def run(self) -> None:
        """Carry the instance until it is completed, compensated or stuck.

        A crash or a cancellation leaves it as its journal says; whoever takes it over carries on from there.

        Raises:
            Fenced: Another orchestrator carries it; nothing more was done.
            StorageUnavailable: The storage stayed away.
        """
        try:
            self._message = codec(self._saga.takes).decode(self._journal.instance.body.encode())
            await self._carry()
        except BaseException as error:
            self._host.spans.fail(self._span, error)
            raise
        of = self._journal.instance
        self._host.spans.end(self._span, "ok" if of.state == "completed" else "error", of.reason)

    async def _carry(self) -> None:
        if self._journal.instance.state == "running":
            trouble = await self._go_forward()
            if trouble is None:
                return
            if trouble.is_stuck:
                await self._park(trouble)
                return
            # Persisted before anything is undone: callees that have seen the higher epoch refuse the steps' late calls.
            epoch = self._journal.instance.epoch + 1
            await self._journal.change(state="compensating", epoch=epoch, reason=trouble.error, step=trouble.step)
        stuck = await self._go_back()
        if stuck is None:
            await conclude(self._host, self._saga, self._journal, self._span, "compensated")
        else:
            await self._park(stuck)

    async def _park(self, trouble: _Trouble) -> None:
        await park(self._host, self._journal, trouble.step, trouble.error, stuck=self._saga.stuck, span=self._span)

    # -- forward ----------------------------------------------------------------------------------------------------

    async def _go_forward(self) -> _Trouble | None:
        """Run what is not done yet; None when the instance is completed."""
        for group in self._saga.groups:
            steps = [step for step in group if self._journal.history.outcome(step.name) != "done"]
            outcomes = await self._run_group(steps)
            trouble = _worst(steps, outcomes)
            if trouble is not None:
                return trouble
        if await conclude(self._host, self._saga, self._journal, self._span, "completed"):
            return None
        return _Trouble("", _CANCELLED.error, is_stuck=False)

    async def _run_group(self, steps: list[Step]) -> list[Outcome]:
        if len(steps) <= 1:
            return [await self._run_step(step) for step in steps]
        return await all_or_first_error(self._run_step(step) for step in steps)

    async def _run_step(self, step: Step) -> Outcome:
        """Run a step, between its intent and its outcome in the journal.

        One that was begun by an earlier orchestrator is asked again, unless what came of it is written and final.
        """
        journal, history = self._journal, self._journal.history
        known = history.outcome(step.name)
        if known in _FINAL[step.kind]:
            return Outcome(known, error=history.steps[step.name].error)
        is_fresh = not history.has_intent(step.name)
        if is_fresh and not await journal.append(Entry(step.name, "intent"), forward=True):
            return _CANCELLED
        outcome = await try_work(self._host, journal, self._work_of(step, is_fresh=is_fresh), self._span.span)
        await self._write_down(step.name, outcome.phase, outcome)
        return outcome

    def _work_of(self, step: Step, *, is_fresh: bool) -> Work:
        return Work(
            kind="step",
            name=step.name,
            label=step.name,
            run=self._runner(step.function, step.inputs),
            returns=step.returns,
            retry=step.retry,
            timeout_ns=step.timeout_ns,
            where=step.where,
            insists=step.kind == "retriable",
            is_fresh=is_fresh,
        )

    # -- back -------------------------------------------------------------------------------------------------------

    async def _go_back(self) -> _Trouble | None:
        """Undo every step that was begun, the last first; None when all are undone."""
        for step in reversed(self._saga.steps):
            history = self._journal.history
            undo = step.compensated_by
            if undo is None or not history.has_intent(step.name) or history.is_undone(step.name):
                continue
            if not history.steps[step.name].undoing:
                await self._journal.append(Entry(step.name, "compensating"))
            outcome = await try_work(self._host, self._journal, self._undoing_of(step, undo), self._span.span)
            phase = "compensated" if outcome.phase == "done" else "compensation-failed"
            await self._write_down(step.name, phase, outcome)
            if outcome.phase != "done":
                return _Trouble(step.name, outcome.error, is_stuck=True)
        return None

    def _undoing_of(self, step: Step, undo: Compensation) -> Work:
        return Work(
            kind="compensation",
            name=undo.name,
            label=f"{step.name}/undo",
            run=self._runner(undo.function, undo.inputs, done=(undo.done, step.name)),
            returns=Any,
            retry=undo.retry,
            timeout_ns=undo.timeout_ns,
            where=undo.where,
            insists=True,
            is_fresh=False,
        )

    # -- shared -----------------------------------------------------------------------------------------------------

    async def _write_down(self, step: str, phase: str, outcome: Outcome) -> None:
        points = self._host.ports.points
        if points.armed:
            await points.reach("before-journal", f"{self._saga.name}.{step}")
        body = outcome.body if phase == "done" else ""
        await self._journal.append(Entry(step, phase, outcome.attempt, outcome.error, body))

    def _runner(
        self, function: Any, inputs: tuple[str, ...], done: tuple[str, str] = ("", "")
    ) -> Callable[[Handling], Any]:
        """Return what runs a function on the message and on results of earlier steps, or a composition."""
        if isinstance(function, Composition):
            return lambda handling: handling.run(function, self._message)

        def run(_: Handling) -> Any:
            results = {name: self._result(name, name, function) for name in inputs}
            if done[0]:
                results[done[0]] = self._result(done[1], done[0], function)
            return function(self._message, **results)

        return run

    def _result(self, step: str, parameter: str, function: Any) -> Any:
        """Return a step's result, decoded for a parameter; None where it is not known to have finished."""
        body = self._journal.history.result(step)
        if body is None:
            return None
        kind = self._saga.step_named(step).returns
        if kind is Any:  # a composition whose services were not known; the parameter's annotation says more
            kind = next(each.type for each in read_signature(function).parameters if each.name == parameter)
        return codec(kind).decode(body)


def _worst(steps: list[Step], outcomes: list[Outcome]) -> _Trouble | None:
    """Return what a group's outcomes mean for the instance: undo before stuck, since what can be undone must be."""
    troubles = [
        _Trouble(step.name, outcome.error, _is_stuck(step, outcome))
        for step, outcome in zip(steps, outcomes, strict=True)
        if outcome.phase != "done"
    ]
    return min(troubles, key=lambda trouble: trouble.is_stuck, default=None)


def _is_stuck(step: Step, outcome: Outcome) -> bool:
    """Tell whether a step that is not done can neither be undone nor passed."""
    if outcome is _CANCELLED or step.kind == "compensatable":
        return False
    return step.kind == "retriable" or outcome.phase == "unknown"
