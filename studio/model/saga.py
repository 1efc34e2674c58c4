"""Declare sagas: steps in order, what undoes each, which one is the point of no return."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.address import Address, parse
from studio.errors import DuplicateMember, InvalidDeclaration, StepAfterPivot, Where
from studio.model.composition import Composition
from studio.model.declaring import declare
from studio.model.duration import duration_ns
from studio.model.policy import Retry
from studio.model.signature import Parameter, read_signature, where_of

__all__ = ["Compensation", "Saga", "Step", "StepKind"]

StepKind = Literal["compensatable", "pivot", "retriable"]
STATES = ("running", "compensating", "completed", "compensated", "stuck")


@dataclass(frozen=True, slots=True)
class Compensation:
    """What undoes a step whose intent was recorded; the step may or may not have happened."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    done: str
    retry: Retry
    timeout_ns: int
    where: Where | None


@dataclass(slots=True)
class Step:
    """One step of a saga.

    Attributes:
        name: The function's name; results of earlier steps are given to later ones under it.
        function: Handler or composition.
        kind: `compensatable` can be undone; `pivot` decides; `retriable` must come after the pivot and is tried until it works.
        inputs: Parameter names after the first: results of earlier steps.
        returns: Type of its result.
        group: Consecutive steps of one group run at once.
    """

    name: str
    function: Any
    kind: StepKind
    inputs: tuple[str, ...]
    returns: Any
    retry: Retry
    timeout_ns: int
    group: str
    where: Where | None
    compensated_by: Compensation | None = None
    _saga: Saga | None = field(default=None, repr=False)

    @property
    def compensation(self) -> Any:
        """Declare what undoes this step, as a decorator; its `done` parameter is the step's result, or None if unknown.

        Example:
            @reserve_inventory.compensation
            async def release_inventory(order: Order, done: Reservation | None) -> None: ...
        """

        def with_options(function: Any = None, *, retry: Retry | None = None, timeout: str | None = None) -> Any:
            def keep(actual: Callable[..., Any]) -> Callable[..., Any]:
                self._compensate_with(
                    actual, retry or COMPENSATION_RETRY, self.timeout_ns if timeout is None else duration_ns(timeout)
                )
                return actual

            return keep if function is None else keep(function)

        return with_options

    def _compensate_with(self, function: Callable[..., Any], retry: Retry, timeout_ns: int) -> None:
        saga = self._saga
        assert saga is not None
        where = where_of(function)
        if self.compensated_by is not None:
            raise DuplicateMember(service=saga.name, what=f"compensation of {self.name}", where=where)
        if self.kind != "compensatable":
            raise saga._invalid(
                f"step={self.name}",
                f"a {self.kind} step is never undone",
                "Drop its compensation, or declare the step compensatable.",
                where,
            )
        signature = read_signature(function)
        if not signature.is_async or not signature.parameters:
            raise saga._invalid(
                f"compensation={function.__name__}",
                "is not `async def` with a message",
                "Write `async def undo(order: Order, done: Result | None) -> None:`.",
                where,
            )
        rest = signature.parameters[1:]
        done = next((parameter for parameter in rest if parameter.name == "done"), None)
        if done is not None and not _admits_none(done.type):
            raise saga._invalid(
                f"compensation={function.__name__}",
                "`done` does not admit None",
                "The step's outcome may be unknown: annotate `done: … | None`.",
                where,
            )
        inputs = saga._inputs(
            tuple(parameter for parameter in rest if parameter.name != "done"),
            function.__name__,
            where,
            up_to=self.name,
        )
        self.compensated_by = Compensation(
            function.__name__, function, inputs, "done" if done else "", retry, timeout_ns, where
        )


COMPENSATION_RETRY = Retry(attempts=10, backoff="exponential", first="100ms", most="30s")
STEP_RETRY = Retry(attempts=3)
RETRIABLE_RETRY = Retry(attempts=50, backoff="exponential", first="100ms", most="30s")


@dataclass(slots=True)
class Saga:
    """A saga: started by an event, it carries its steps through or undoes them, and survives crashes by its journal.

    An instance's id is the saga's name and the event's key, so that a repeated trigger joins. Intent is journalled before
    each effect and the outcome after. Only declared errors (`ServiceError`) and exhausted retries make a step fail.

    Args:
        name: Such as `OrderProcessing`.
        on: Event that starts an instance; it must have a key.
        completed: Event published with the trigger's message when all steps are done; `failed` when all are undone,
            `stuck` when an operator is needed.
        version: Instances finish on the version that started them.

    Example:
        saga = Saga("OrderProcessing", on=S.Order.created, completed=S.Order.completed)
    """

    name: str
    on: Address | str = ""
    completed: Address | str = ""
    failed: Address | str = ""
    stuck: Address | str = ""
    version: str = "1.0.0"
    replicas: int = 1
    doc: str = ""
    steps: list[Step] = field(default_factory=list)
    takes: Any = None

    def __post_init__(self) -> None:
        for name in ("on", "completed", "failed", "stuck"):
            given = getattr(self, name)
            setattr(self, name, str(parse(given)) if given else "")
        if not self.on:
            raise self._invalid("on", "no event starts it", "Give `--on $.Order.created`.", None)
        declare(self)

    def __repr__(self) -> str:
        return f"Saga({self.name!r}, on={self.on}, {len(self.steps)} steps)"

    @property
    def groups(self) -> list[list[Step]]:
        """Return the steps in order, those that run at once together."""
        groups: list[list[Step]] = []
        for step in self.steps:
            if step.group and groups and groups[-1][0].group == step.group:
                groups[-1].append(step)
            else:
                groups.append([step])
        return groups

    @property
    def pivot(self) -> Step | None:
        """Return the point of no return, or None."""
        return next((step for step in self.steps if step.kind == "pivot"), None)

    def step(
        self,
        function: Any = None,
        *,
        kind: StepKind = "compensatable",
        retry: Retry | None = None,
        timeout: str = "30s",
        group: str = "",
        name: str = "",
    ) -> Any:
        """Declare the next step: a function of the trigger's message and of earlier results by step name, or a composition.

        A crash can fall before, in, or after it; on resume it is run again under the same idempotency key, unless its
        outcome was journalled.

        Args:
            function: When used without parentheses.
            kind: `compensatable`, `pivot` or `retriable`.
            retry: Attempts on failures that are not declared errors.
            timeout: For one attempt.
            group: Consecutive steps with the same group run at once.
            name: Of a composition's step.

        Returns:
            The step, whose `.compensation` decorates what undoes it.
        """

        def keep(actual: Any) -> Step:
            return self._add(actual, kind, retry, duration_ns(timeout), group, name)

        return keep if function is None else keep(function)

    def step_named(self, name: str) -> Step:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name == name)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _add(self, function: Any, kind: StepKind, retry: Retry | None, timeout_ns: int, group: str, name: str) -> Step:
        where = where_of(function) if hasattr(function, "__code__") else None
        name = name or getattr(function, "__name__", "") or getattr(function, "name", "")
        if not name or any(name == step.name for step in self.steps):
            raise DuplicateMember(service=self.name, what=f"step {name or '(without a name)'}", where=where)
        pivot = self.pivot
        if kind not in typing.get_args(StepKind) or (kind == "pivot" and pivot is not None):
            raise self._invalid(
                f"step={name} kind={kind!r}",
                "unknown, or a second pivot",
                "Use compensatable, retriable, or one pivot.",
                where,
            )
        if pivot is not None and kind == "compensatable":
            raise StepAfterPivot(saga=self.name, step=name, pivot=pivot.name, where=where)
        inputs, returns = self._shape(function, name, where)
        step = Step(
            name,
            function,
            kind,
            inputs,
            returns,
            retry or (RETRIABLE_RETRY if kind == "retriable" else STEP_RETRY),
            timeout_ns,
            group,
            where,
            None,
            self,
        )
        self.steps.append(step)
        return step

    def _shape(self, function: Any, name: str, where: Where | None) -> tuple[tuple[str, ...], Any]:
        if isinstance(function, Composition):
            self._take(function.takes, name, where)
            return (), function.returns
        signature = read_signature(function)
        if not signature.is_async or not signature.parameters:
            raise self._invalid(
                f"step={name}",
                "is not `async def` with the trigger's message",
                "Write `async def name(order: Order, earlier_step: Result) -> Result:`.",
                where,
            )
        self._take(signature.parameters[0].type, name, where)
        return self._inputs(signature.parameters[1:], name, where), signature.returns

    def _take(self, kind: Any, name: str, where: Where | None) -> None:
        if self.takes is None or self.takes is Any:
            self.takes = kind
        elif kind is not Any and kind != self.takes:
            raise self._invalid(
                f"step={name}",
                f"takes {kind}, earlier steps take {self.takes}",
                "All steps take the trigger's message first.",
                where,
            )

    def _inputs(
        self, parameters: tuple[Parameter, ...], name: str, where: Where | None, up_to: str = ""
    ) -> tuple[str, ...]:
        """Check that parameters name earlier steps (and types fit), and return their names."""
        known = {step.name: step.returns for step in self.steps}
        for parameter in parameters:
            if parameter.name not in known:
                raise self._invalid(
                    f"step={name}",
                    f"parameter {parameter.name!r} is no earlier step",
                    f"Name one of: {', '.join(known) or 'there is none yet'}.",
                    where,
                )
            returns = known[parameter.name]
            if parameter.type is not Any and returns is not Any and not _same(returns, parameter.type):
                raise self._invalid(
                    f"step={name}",
                    f"{parameter.name} is {parameter.type}, that step returns {returns}",
                    "Annotate it with the type that the step returns.",
                    where,
                )
        return tuple(parameter.name for parameter in parameters)

    def _invalid(self, what: str, reason: str, remedy: str, where: Where | None) -> InvalidDeclaration:
        return InvalidDeclaration(what=f"saga={self.name} {what}", reason=reason, remedy_text=remedy, where=where)


def _admits_none(kind: Any) -> bool:
    if kind in (Any, None, type(None)):
        return True
    return typing.get_origin(kind) in (typing.Union, types.UnionType) and type(None) in typing.get_args(kind)


def _same(returns: Any, kind: Any) -> bool:
    parts = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    return returns == kind or returns in parts or (returns is None and type(None) in parts)
