"""Run compositions: each stage over the bus, as the handler that called the composition would have done by hand."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from studio.contract import ServiceError, codec, type_name
from studio.errors import Fenced, NoRoute, StudioError
from studio.model.composition import Composition, Failure, Parallel, Route, Sequence, takes_of
from studio.model.handle import OperationHandle
from studio.ports import ACTING
from studio.runtime.together import all_or_first_error

if TYPE_CHECKING:
    from studio.runtime.acting import Handling

__all__ = ["run_composition"]


async def run_composition(handling: Handling, composition: Composition, message: Any, path: str = "") -> Any:
    """Run a composition on a message.

    Args:
        handling: On whose behalf; each branch of a `parallel` gets one of its own.
        composition: What to run.
        message: For its first stage.
        path: Names this run within the handling, and its stages by their place: by it a route's choice is remembered.

    Raises:
        NoRoute: No branch of a route holds, and it has no `otherwise`.
        Exception: Whatever a stage raises, unless `parallel` collects.
    """
    if isinstance(composition, Sequence):
        for at, part in enumerate(composition.parts):
            message = await _run_stage(handling, part, message, f"{path}.{at}")
        return message
    if isinstance(composition, Parallel):
        return await _run_parallel(handling, composition, message, path)
    assert isinstance(composition, Route)
    return await _run_route(handling, composition, message, path)


async def _run_stage(handling: Handling, stage: Any, message: Any, path: str) -> Any:
    message = _fit(stage, message)
    if isinstance(stage, OperationHandle):
        return await handling.call(stage.address, message)
    if isinstance(stage, Composition):
        return await run_composition(handling, stage, message, path)
    result = stage(message)
    return await result if inspect.isawaitable(result) else result


def _fit(stage: Any, message: Any) -> Any:
    """Turn a message into what the stage takes, by its encoded form, where it is of another type."""
    takes: Any = takes_of(stage)
    if takes is Any or (isinstance(takes, type) and isinstance(message, takes)):
        return message
    return codec(takes).decode(codec(_class_of(message)).encode(message))


def _class_of(message: Any) -> Any:
    return type(message)


async def _run_parallel(handling: Handling, composition: Parallel, message: Any, path: str) -> Any:
    """Run all stages at once; the order in which they were declared is the order of their ordinals."""
    # A branch goes by its whole path: another `parallel` of the same handling may have a branch of the same name.
    outcomes = await all_or_first_error(
        _run_branch(handling.branch(f"{path}.{name}"), stage, message, f"{path}.{name}", composition.on_error)
        for name, stage in composition.parts.items()
    )
    return composition.returns.model_construct(**dict(zip(composition.parts, outcomes, strict=True)))


async def _run_branch(handling: Handling, stage: Any, message: Any, path: str, on_error: str) -> Any:
    """Run one stage; where errors are collected, one is a result. That the work was replaced is never collected."""
    ACTING.set(handling)  # the task's own context
    try:
        return await _run_stage(handling, stage, message, path)
    except Fenced:
        raise
    except ServiceError as error:
        if on_error != "collect":
            raise
        return Failure(code=error.code(), text=str(error))
    except Exception as error:
        if on_error != "collect":
            raise
        return Failure(code=error.code if isinstance(error, StudioError) else type(error).__name__, text=str(error))


async def _run_route(handling: Handling, composition: Route, message: Any, path: str) -> Any:
    taken = await handling.choose(path, lambda: _branch_for(composition, message))
    stage = composition.otherwise if taken == len(composition.branches) else composition.branches[taken].stage
    return await _run_stage(handling, stage, message, f"{path}.{taken}")


def _branch_for(composition: Route, message: Any) -> int:
    """Return the place of the first branch whose condition holds; one past the last means `otherwise`."""
    for at, branch in enumerate(composition.branches):
        if branch.condition(message):
            return at
    if composition.otherwise is None:
        raise NoRoute(composition=composition.name or "route", message=type_name(type(message)))
    return len(composition.branches)
