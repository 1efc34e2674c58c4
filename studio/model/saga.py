"""Declare sagas: steps in order, what undoes each, which one is the point of no return."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, overload

from studio.address import Address, parse
from studio.contract import type_name
from studio.errors import DuplicateMember, InvalidDeclaration, StepAfterPivot, Where
from studio.model.composition import Composition
from studio.model.declaring import declare
from studio.model.duration import duration_ns
from studio.model.effect import Effect, effects_of
from studio.model.policy import Retry
from studio.model.signature import Parameter, read_signature, where_of

__all__ = ["STATES", "Compensation", "Saga", "Step", "StepKind"]

StepKind = Literal["compensatable", "pivot", "retriable"]
Function = TypeVar("Function", bound=Callable[..., Any])
STATES = ("running", "compensating", "completed", "compensated", "stuck", "abandoned")


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
        kind: `compensatable` can be undone; `pivot` decides; `retriable` comes after those of the other kinds and is
            tried until it works.
        inputs: Parameter names after the first: results of earlier steps.
        returns: Type of its result.
        group: Consecutive steps of one group run at once.
        effects: What it leaves, which its compensation is to take away.
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
    _saga: Saga | None = field(default=None, repr=False, compare=False)
    effects: tuple[Effect, ...] = ()

    @property
    def compensation(self) -> Undo:
        """Declare what undoes this step, as a decorator; its `done` parameter is the step's result, or None if unknown.

        Example:
            @reserve_inventory.compensation
            async def release_inventory(order: Order, done: Reservation | None) -> None: ...
        """

        def with_options(function: Any = None, *, retry: Retry | None = None, timeout: str | None = None) -> Any:
            def keep(actual: Callable[..., Any]) -> Callable[..., Any]:
                assert self._saga is not None
                timeout_ns = self.timeout_ns if timeout is None else duration_ns(timeout)
                self._saga.compensate(self, actual, retry or COMPENSATION_RETRY, timeout_ns)
                return actual

            return keep if function is None else keep(function)

        return with_options


class Undo(Protocol):
    """What `step.compensation` is: a decorator, with or without options."""

    @overload
    def __call__(self, function: Function, /) -> Function: ...
    @overload
    def __call__(self, *, retry: Retry = ..., timeout: str = ...) -> Callable[[Function], Function]: ...


COMPENSATION_RETRY = Retry(attempts=10, backoff="exponential", first="100ms", most="30s")
STEP_RETRY = Retry(attempts=3)
RETRIABLE_RETRY = Retry(attempts=50, backoff="exponential", first="100ms", most="30s")


@dataclass(slots=True)
class Saga:
    """A saga: started by an event, it carries its steps through or undoes them, and survives crashes by its journal.

    An instance's id is the saga's name and the event's key, so that a repeated trigger joins. Intent is journalled
    before each effect and the outcome after. Only declared errors (`ServiceError`) and exhausted retries make a step
    fail.

    Args:
        name: Such as `OrderProcessing`.
        on: Event that starts an instance; it must have a key.
        completed: Event published with the trigger's message when all steps are done; `failed` when all are undone,
            `stuck` when an operator is needed.
        version: Instances finish on the version that started them.
        retired: An older version that nothing runs any more, as if its file were deleted; it stands there so that a
            scenario can deploy over it: `deploy("OrderProcessing", before="1.0.0")`. What it left in flight gets stuck.

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
    retired: bool = False
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

    @overload
    def step(self, function: Any, /) -> Step: ...
    @overload
    def step(
        self,
        *,
        kind: StepKind = ...,
        retry: Retry | None = ...,
        timeout: str = ...,
        group: str = ...,
        name: str = ...,
        effect: str | Effect | Sequence[str | Effect] = ...,
    ) -> Callable[[Any], Step]: ...
    @overload
    def step(
        self,
        function: Any,
        *,
        kind: StepKind = ...,
        retry: Retry | None = ...,
        timeout: str = ...,
        group: str = ...,
        name: str = ...,
        effect: str | Effect | Sequence[str | Effect] = ...,
    ) -> Step: ...
    def step(
        self,
        function: Any = None,
        *,
        kind: StepKind = "compensatable",
        retry: Retry | None = None,
        timeout: str = "30s",
        group: str = "",
        name: str = "",
        effect: str | Effect | Sequence[str | Effect] = (),
    ) -> Step | Callable[[Any], Step]:
        """Declare the next step: a function of the trigger's message and of earlier results by name, or a composition.

        A crash can fall before, in, or after it; on resume it is run again under the same idempotency key, unless its
        outcome was journalled.

        Args:
            function: When used without parentheses.
            kind: `compensatable`, `pivot` or `retriable`.
            retry: Attempts on failures that are not declared errors.
            timeout: For one attempt.
            group: Consecutive steps with the same group run at once.
            name: Of a composition's step.
            effect: What it leaves in the world, `Inventory.reservations`, and what is to be gone once it was
                compensated; see `Effect`.

        Returns:
            The step, whose `.compensation` decorates what undoes it.
        """

        def keep(actual: Any) -> Step:
            added = self._add(actual, kind, retry, duration_ns(timeout), group, name)
            added.effects = effects_of(effect)
            return added

        return keep if function is None else keep(function)

    def step_named(self, name: str) -> Step:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name == name)

    def compensate(self, step: Step, function: Callable[..., Any], retry: Retry, timeout_ns: int) -> None:
        """Declare what undoes a step; authors write `@step.compensation`.

        Args:
            step: Of this saga.
            function: Takes the trigger's message, results of steps before this one, and `done: Result | None`.
            retry: Attempts, whatever is raised.
            timeout_ns: For one attempt.

        Raises:
            InvalidDeclaration: The step is never undone, or the function's parameters do not fit.
            DuplicateMember: The step has a compensation.
        """
        where = where_of(function)
        what = f"compensation={function.__name__}"
        if step.compensated_by is not None:
            raise DuplicateMember(service=self.name, what=f"compensation of {step.name}", where=where)
        if step.kind != "compensatable":
            remedy = "Drop its compensation, or declare the step compensatable."
            raise self._invalid(f"step={step.name}", f"a {step.kind} step is never undone", remedy, where)
        signature = read_signature(function)
        if not signature.is_async or not signature.parameters:
            remedy = "Write `async def undo(order: Order, done: Result | None) -> None:`."
            raise self._invalid(what, "is not `async def` with a message", remedy, where)
        self._take(signature.parameters[0].type, function.__name__, where)
        rest = signature.parameters[1:]
        done = next((parameter for parameter in rest if parameter.name == "done"), None)
        if done is not None:
            self._check_done(done, step, what, where)
        inputs = self._inputs(
            tuple(parameter for parameter in rest if parameter.name != "done"),
            what,
            self._known_before(self.steps.index(step), step.group),
            where,
        )
        step.compensated_by = Compensation(
            function.__name__, function, inputs, "done" if done else "", retry, timeout_ns, where
        )

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _add(self, function: Any, kind: StepKind, retry: Retry | None, timeout_ns: int, group: str, name: str) -> Step:  # noqa: PLR0917 - one caller
        where = where_of(function) if hasattr(function, "__code__") else None
        name = name or getattr(function, "__name__", "") or getattr(function, "name", "")
        self._check_place(name, kind, group, where)
        inputs, returns = self._shape(function, name, group, where)
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

    def _check_place(self, name: str, kind: StepKind, group: str, where: Where | None) -> None:
        """Refuse a step that cannot stand here: sagas go compensatable, pivot, retriable."""
        pivot = self.pivot
        if not name:
            remedy = 'Name it: `saga.step(OrderFlow, name="order_flow")`.'
            raise self._invalid("step=(without a name)", "a composition has no name here yet", remedy, where)
        if any(name == step.name for step in self.steps):
            raise DuplicateMember(service=self.name, what=f"step {name}", where=where)
        if kind not in typing.get_args(StepKind) or (kind == "pivot" and pivot is not None):
            remedy = "Use compensatable, retriable, or one pivot."
            raise self._invalid(f"step={name} kind={kind!r}", "unknown, or a second pivot", remedy, where)
        if pivot is not None and kind == "compensatable":
            raise StepAfterPivot(saga=self.name, step=name, pivot=pivot.name, where=where)
        if kind != "retriable" and any(step.kind == "retriable" for step in self.steps):
            remedy = "Move it before the retriable steps: those cannot be undone when it fails."
            raise self._invalid(f"step={name} kind={kind!r}", "comes after a retriable step", remedy, where)
        if group and any(step.group == group and step.kind != kind for step in self.steps):
            remedy = "Give it another group, or none: what cannot be undone must not run beside what may be."
            raise self._invalid(f"step={name} group={group!r}", "steps of one group are of one kind", remedy, where)
        if group and kind == "pivot":
            remedy = "Drop its group: when it decides, no other step may be under way."
            raise self._invalid(f"step={name} group={group!r}", "a pivot runs alone", remedy, where)

    def _shape(self, function: Any, name: str, group: str, where: Where | None) -> tuple[tuple[str, ...], Any]:
        if isinstance(function, Composition):
            self._take(function.takes, name, where)
            return (), function.returns
        if not hasattr(function, "__code__"):
            remedy = "Give an `async def` function or a composition."
            raise self._invalid(f"step={name}", "is neither a function nor a composition", remedy, where)
        signature = read_signature(function)
        if not signature.is_async or not signature.parameters:
            remedy = "Write `async def name(order: Order, earlier_step: Result) -> Result:`."
            raise self._invalid(f"step={name}", "is not `async def` with the trigger's message", remedy, where)
        self._take(signature.parameters[0].type, name, where)
        known = self._known_before(len(self.steps), group)
        return self._inputs(signature.parameters[1:], f"step={name}", known, where), signature.returns

    def _take(self, kind: Any, name: str, where: Where | None) -> None:
        if self.takes is None or self.takes is Any:
            self.takes = kind
        elif kind is not Any and kind != self.takes:
            raise self._invalid(
                f"step={name}",
                f"takes {type_name(kind)}, earlier steps take {type_name(self.takes)}",
                "All steps take the trigger's message first.",
                where,
            )

    def _known_before(self, position: int, group: str) -> dict[str, Any]:
        """Return the results that stand when the step at a position begins: none of those that run beside it."""
        before = self.steps[:position]
        while group and before and before[-1].group == group:
            before.pop()
        return {step.name: step.returns for step in before}

    def _inputs(
        self, parameters: tuple[Parameter, ...], what: str, known: dict[str, Any], where: Where | None
    ) -> tuple[str, ...]:
        """Check that parameters name earlier steps (and types fit), and return their names."""
        for parameter in parameters:
            if parameter.name not in known:
                raise self._invalid(
                    what,
                    f"parameter {parameter.name!r} is no earlier step",
                    f"Name one of: {', '.join(known) or 'there is none yet'}.",
                    where,
                )
            returns = known[parameter.name]
            if not _same(returns, parameter.type):
                raise self._invalid(
                    what,
                    f"{parameter.name} is {type_name(parameter.type)}, that step returns {type_name(returns)}",
                    "Annotate it with the type that the step returns.",
                    where,
                )
        return tuple(parameter.name for parameter in parameters)

    def _check_done(self, done: Parameter, step: Step, what: str, where: Where | None) -> None:
        if not _admits_none(done.type):
            remedy = "The step's outcome may be unknown: annotate `done: … | None`."
            raise self._invalid(what, "`done` does not admit None", remedy, where)
        if not _same(step.returns, done.type) and not (step.returns is None and done.type in (None, type(None))):
            wanted = "None" if step.returns is None else f"{type_name(step.returns)} | None"
            remedy = f"Annotate `done: {wanted}`."
            raise self._invalid(what, f"{step.name} does not return {type_name(done.type)}", remedy, where)

    def _invalid(self, what: str, reason: str, remedy: str, where: Where | None) -> InvalidDeclaration:
        return InvalidDeclaration(what=f"saga={self.name} {what}", reason=reason, remedy_text=remedy, where=where)


def _admits_none(kind: Any) -> bool:
    return kind in (Any, None, type(None)) or type(None) in _union_parts(kind)


def _same(returns: Any, kind: Any) -> bool:
    """Tell whether a result can be given to a parameter: equal types, one of a union, or one of them unknown."""
    if Any in (returns, kind) or returns == kind:
        return True
    wanted = _union_parts(kind)
    given = _union_parts(returns) or (type(None) if returns is None else returns,)
    return all(part in wanted for part in given)


def _union_parts(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else ()
