"""Wire operations into compositions: in sequence, in parallel, by route; nestable, callable, typed where declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import pydantic

from studio.contract import Contract, type_name
from studio.errors import InvalidDeclaration, WireMismatch
from studio.model.declaring import declare
from studio.model.handle import OperationHandle, ServiceHandle, is_declared, only_operation, service_name
from studio.model.service import Service
from studio.model.signature import read_signature
from studio.model.verbs import acting
from studio.model.wire import why_not

__all__ = ["Branch", "Composition", "Failure", "Parallel", "Route", "Sequence", "parallel", "route", "sequence", "when"]


class Failure(Contract):
    """What a stage of `parallel(..., on_error="collect")` leaves instead of its result.

    Attributes:
        code: Of the error.
        text: In words.
    """

    code: str
    text: str = ""


@dataclass(slots=True, eq=False)
class Composition:
    """Base of compositions: takes one message, returns one result.

    Attributes:
        name: The name it is bound to in its cell; empty until then.
        takes: Contract of its input; `returns` of its result; Any where a service is not known yet.
    """

    name: str = ""
    takes: Any = Any
    returns: Any = Any

    def __call__(self, message: Any) -> Awaitable[Any]:
        """Run it on a message, each stage over the bus; errors of a stage are raised as they are."""
        return acting(self.name or "composition").run(self, message)

    def stages(self) -> list[tuple[str, Any]]:
        """Return label and stage of each part, in order."""
        raise NotImplementedError


@dataclass(slots=True, eq=False)
class Sequence(Composition):
    """Run stages one after the other, each on the result of the one before."""

    parts: tuple[Any, ...] = ()

    def stages(self) -> list[tuple[str, Any]]:
        """Return the stages in order."""
        return [(label(part), part) for part in self.parts]


@dataclass(slots=True, eq=False)
class Parallel(Composition):
    """Run stages at once on the same message; the result has a field for each."""

    parts: dict[str, Any] = field(default_factory=dict)
    on_error: Literal["cancel", "collect"] = "cancel"

    def stages(self) -> list[tuple[str, Any]]:
        """Return the stages by name."""
        return list(self.parts.items())


@dataclass(frozen=True, slots=True)
class Branch:
    """One way of a route."""

    condition: Callable[[Any], bool]
    stage: Any
    label: str


@dataclass(slots=True, eq=False)
class Route(Composition):
    """Run the first branch whose condition holds."""

    branches: tuple[Branch, ...] = ()
    otherwise: Any = None

    def stages(self) -> list[tuple[str, Any]]:
        """Return the branches by label, `otherwise` last."""
        rest = [] if self.otherwise is None else [("otherwise", self.otherwise)]
        return [(branch.label, branch.stage) for branch in self.branches] + rest


def sequence(*stages: Any) -> Sequence:
    """Run stages one after the other.

    Args:
        stages: Operations (`Payment.process`), services with one operation, compositions, or plain annotated functions
            that only turn one contract into another.

    Raises:
        WireMismatch: The output of a stage cannot be the input of the next.
        AmbiguousOperation: A service with several operations.

    Example:
        OrderFlow = sequence(OrderValidation.validate, Payment.process, Fulfilment.ship)
    """
    parts = tuple(_stage(stage) for stage in stages)
    if not parts:
        raise _invalid("sequence()", "it has no stages", "Give at least one stage.")
    for before, after in pairwise(parts):
        check_wire("sequence", before, after)
    return declare(Sequence(takes=takes_of(parts[0]), returns=returns_of(parts[-1]), parts=parts))


def parallel(*stages: Any, on_error: Literal["cancel", "collect"] = "cancel", **named: Any) -> Parallel:
    """Run stages at once on the same message; the result has one field for each, by name.

    Args:
        stages: Named by their service or operation.
        on_error: `cancel` stops the others at the first error and raises it; `collect` waits for all and leaves a
            `Failure` in the field of each that failed.
        named: Stages under names of your own: `email=EmailVerification`.

    Example:
        Enrichment = parallel(email=EmailVerification, company=CompanyLookup)
    """
    if on_error not in ("cancel", "collect"):
        raise _invalid(f"parallel(on_error={on_error!r})", "unknown", 'Use "cancel" or "collect".')
    parts = {_field_name(stage): _stage(stage) for stage in stages} | {
        name: _stage(stage) for name, stage in named.items()
    }
    if len(parts) != len(stages) + len(named) or not parts:
        raise _invalid("parallel()", "its stages need distinct names", "Name them: parallel(email=…, company=…).")
    takes = [takes_of(part) for part in parts.values() if takes_of(part) is not Any]
    for other in takes[1:]:
        reason = why_not(takes[0], other)
        if reason:
            raise WireMismatch(
                composition="parallel",
                source="the message",
                gives=type_name(takes[0]),
                target="a stage",
                takes=type_name(other),
                reason=reason,
            )
    returns = _result_model(parts, on_error)
    return declare(Parallel(takes=takes[0] if takes else Any, returns=returns, parts=parts, on_error=on_error))


def when(condition: Callable[[Any], bool], stage: Any, *, label: str = "") -> Branch:
    """State one way of a route: a pure condition on the message, and the stage that then runs."""
    if not callable(condition):
        raise _invalid("when()", "its condition is not a function", "Give a function of the message.")
    return Branch(condition, _stage(stage), label or _label_of(stage))


def _label_of(stage: Any) -> str:
    return label(_stage(stage))


def route(*branches: Branch, otherwise: Any = None, input: Any = Any) -> Route:  # noqa: A002 - the notation
    """Run the first branch whose condition holds, else `otherwise`.

    Args:
        branches: Made by `when(...)`, tried in order.
        otherwise: Stage for the rest; without it an unmatched message is an error.
        input: Contract of the message; needed where conditions are untyped and stages differ.

    Raises:
        WireMismatch: A stage cannot take the input.
    """
    if not branches:
        raise _invalid("route()", "it has no branches", "Give at least one when(...).")
    labels = [branch.label for branch in branches]
    if len(set(labels)) != len(labels):
        raise _invalid("route()", f"labels {labels} are not distinct", 'Give each when(...) a label="…" of its own.')
    rest = None if otherwise is None else _stage(otherwise)
    ways = [branch.stage for branch in branches] + ([] if rest is None else [rest])
    takes = input if input is not Any else takes_of(ways[0])
    for way in ways:
        reason = why_not(takes, takes_of(way))
        if reason:
            raise WireMismatch(
                composition="route",
                source="the message",
                gives=type_name(takes),
                target=label(way),
                takes=type_name(takes_of(way)),
                reason=reason,
            )
    outputs: list[Any] = []
    for way in ways:
        if returns_of(way) not in outputs:
            outputs.append(returns_of(way))
    returns: Any = Any if Any in outputs else outputs[0]
    if returns is not Any:
        for output in outputs[1:]:
            returns = returns | output
    return declare(Route(takes=takes, returns=returns, branches=tuple(branches), otherwise=rest))


def takes_of(stage: Any) -> Any:
    """Return what a stage takes; Any where its service is not known yet."""
    return _shape(stage)[0]


def returns_of(stage: Any) -> Any:
    """Return what a stage gives; Any where its service is not known yet."""
    return _shape(stage)[1]


def label(stage: Any) -> str:
    """Return how a stage reads: `Payment.process`, or its composition's or function's name."""
    if isinstance(stage, OperationHandle):
        return repr(stage)
    if isinstance(stage, Composition):
        return stage.name or type(stage).__name__.lower()
    return str(getattr(stage, "__name__", stage))


def check_wire(composition: str, before: Any, after: Any) -> None:
    """Refuse a wire whose output cannot be the next input.

    Raises:
        WireMismatch: Names both ends, both contracts and the field.
    """
    reason = why_not(returns_of(before), takes_of(after))
    if reason:
        raise WireMismatch(
            composition=composition,
            source=label(before),
            gives=type_name(returns_of(before)),
            target=label(after),
            takes=type_name(takes_of(after)),
            reason=reason,
        )


def _shape(stage: Any) -> tuple[Any, Any]:
    if isinstance(stage, OperationHandle):
        if not is_declared(stage.service):
            return Any, Any
        return stage.definition.takes, stage.definition.returns
    if isinstance(stage, Composition):
        return stage.takes, stage.returns
    if isinstance(stage, ServiceHandle):
        return Any, Any
    signature = read_signature(stage)
    return signature.takes, signature.returns


def _stage(stage: Any) -> Any:
    """Accept what can be a stage; a service becomes its only operation."""
    if isinstance(stage, Service):
        stage = ServiceHandle(stage.name, stage)
    if isinstance(stage, ServiceHandle):
        return only_operation(stage) if is_declared(stage) else stage
    if isinstance(stage, (OperationHandle, Composition)):
        return stage
    if callable(stage) and hasattr(stage, "__code__"):
        return stage
    raise _invalid(
        f"stage={stage!r}",
        "is neither an operation, a service, a composition nor a function",
        "Give an operation such as Payment.process.",
    )


def _field_name(stage: Any) -> str:
    if isinstance(stage, (Service, ServiceHandle)):
        return stage.name if isinstance(stage, Service) else service_name(stage)
    if isinstance(stage, OperationHandle):
        return stage.name
    return label(stage)


def _result_model(parts: dict[str, Any], on_error: str) -> type[Contract]:
    fields: dict[str, Any] = {}
    for name, part in parts.items():
        kind = returns_of(part)
        fields[name] = ((kind | Failure if kind is not Any else Any) if on_error == "collect" else kind, ...)
    return pydantic.create_model("ParallelResult", __base__=Contract, **fields)


def _invalid(what: str, reason: str, remedy: str) -> InvalidDeclaration:
    return InvalidDeclaration(what=what, reason=reason, remedy_text=remedy)
