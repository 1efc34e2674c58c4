"""Run compositions: each stage over the bus, as the handler that called the composition would have done by hand."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from studio.contract import ServiceError, codec, type_name
from studio.errors import NoRoute, StudioError
from studio.model.composition import Composition, Failure, Parallel, Route, Sequence, takes_of
from studio.model.handle import OperationHandle
from studio.ports import ACTING

if TYPE_CHECKING:
    from studio.runtime.acting import Handling

__all__ = ["run_composition"]


async def run_composition(handling: Handling, composition: Composition, message: Any) -> Any:
    """Run a composition on a message.

    Raises:
        NoRoute: No branch of a route holds, and it has no `otherwise`.
        Exception: Whatever a stage raises, unless `parallel` collects.
    """
    if isinstance(composition, Sequence):
        for part in composition.parts:
            message = await _run_stage(handling, part, message)
        return message
    if isinstance(composition, Parallel):
        return await _run_parallel(handling, composition, message)
    assert isinstance(composition, Route)
    return await _run_route(handling, composition, message)


async def _run_stage(handling: Handling, stage: Any, message: Any) -> Any:
    message = _fit(stage, message)
    if isinstance(stage, OperationHandle):
        return await handling.call(stage.address, message)
    if isinstance(stage, Composition):
        return await run_composition(handling, stage, message)
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


async def _run_parallel(handling: Handling, composition: Parallel, message: Any) -> Any:
    """Run all stages at once; the order in which they were declared is the order of their ordinals."""
    tasks = [
        asyncio.ensure_future(_run_branch(handling.branch(name), stage, message))
        for name, stage in composition.parts.items()
    ]
    try:
        if composition.on_error == "cancel":
            await _first_error(tasks)
        else:
            await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
    values = {name: _outcome(task, composition) for name, task in zip(composition.parts, tasks, strict=True)}
    return composition.returns.model_construct(**values)


async def _run_branch(handling: Handling, stage: Any, message: Any) -> Any:
    ACTING.set(handling)  # the task's own context
    return await _run_stage(handling, stage, message)


async def _first_error(tasks: list[asyncio.Task[Any]]) -> None:
    """Wait for all tasks; at the first error cancel the others, wait for them, and raise it."""
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is not None]
    if failed:
        for task in tasks:
            task.cancel()
        if pending:
            await asyncio.wait([task for task in tasks if not task.done()])
        failure = failed[0].exception()
        assert failure is not None
        raise failure


def _outcome(task: asyncio.Task[Any], composition: Parallel) -> Any:
    error = task.exception()
    if error is None:
        return task.result()
    assert composition.on_error == "collect"
    if isinstance(error, ServiceError):
        return Failure(code=error.code(), text=str(error))
    return Failure(code=error.code if isinstance(error, StudioError) else type(error).__name__, text=str(error))


async def _run_route(handling: Handling, composition: Route, message: Any) -> Any:
    for branch in composition.branches:
        if branch.condition(message):
            return await _run_stage(handling, branch.stage, message)
    if composition.otherwise is None:
        raise NoRoute(composition=composition.name or "route", message=type_name(type(message)))
    return await _run_stage(handling, composition.otherwise, message)
