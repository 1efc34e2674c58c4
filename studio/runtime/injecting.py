"""Let one FastAPI application serve every incarnation of a service.

FastAPI reads signatures and builds validators when a route is added, which is too slow to be done for each incarnation.
So routes are added once, for the service as its definition declared it, with stand-ins for its functions. A stand-in
has the signature of the function, and calls that of the incarnation which answers: its own module's, with its own
globals. All executions of a module declare the same functions in the same order, so a function's place in that order
tells which.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi.params import Depends
from fastapi.security.base import SecurityBase

from studio.model.service import Service
from studio.ports import ACTING

__all__ = ["StandIns", "callables_of"]

Function = Callable[..., Any]


def callables_of(service: Service) -> tuple[Function, ...]:
    """Return the endpoints' functions and all that they depend on, each once, in an order that the code decides."""
    found: dict[int, Function] = {}
    for endpoint in service.endpoints:
        _gather(endpoint.function, found)
        for dependency in dict(endpoint.options).get("dependencies") or ():
            _gather(dependency.dependency, found)
    return tuple(found.values())


class StandIns:
    """Make the stand-ins of one service.

    Args:
        service: As its definition declared it.
    """

    def __init__(self, service: Service) -> None:
        self._places = {id(function): at for at, function in enumerate(callables_of(service))}
        self._made: dict[int, Function] = {}

    def of(self, function: Function) -> Function:
        """Return the stand-in of an endpoint's function, or of a dependency; what has no state stands for itself."""
        if id(function) not in self._places:
            return function
        at = self._places[id(function)]
        if at not in self._made:
            self._made[at] = _stand_in(function, at, self._signature(function))
        return self._made[at]

    def depends(self, dependency: Depends) -> Depends:
        """Return a dependency on the stand-in."""
        if dependency.dependency is None:
            return dependency
        return dataclasses.replace(dependency, dependency=self.of(dependency.dependency))

    def _signature(self, function: Function) -> inspect.Signature:
        """Return a signature whose annotations are resolved and whose dependencies are stand-ins."""
        hints = _hints(function)
        signature = inspect.signature(function)
        parameters = [
            parameter.replace(
                annotation=self._annotation(hints.get(name, parameter.annotation), parameter.default),
                default=self._default(parameter.default, hints.get(name)),
            )
            for name, parameter in signature.parameters.items()
        ]
        returns = hints.get("return", signature.return_annotation)
        return signature.replace(parameters=parameters, return_annotation=None if returns is type(None) else returns)

    def _default(self, default: Any, hint: Any) -> Any:
        if not isinstance(default, Depends):
            return default
        return self.depends(_named(default, hint))

    def _annotation(self, annotation: Any, default: Any) -> Any:
        if typing.get_origin(annotation) is not Annotated:
            return annotation
        kind, *about = typing.get_args(annotation)
        told = [self.depends(_named(each, kind)) if isinstance(each, Depends) else each for each in about]
        return Annotated[(kind, *told)]


def _stand_in(function: Function, at: int, signature: inspect.Signature) -> Function:
    def stand_in(*arguments: Any, **values: Any) -> Any:
        return _answering().callables[at](*arguments, **values)

    # FastAPI looks through `__wrapped__` to see whether to await, iterate or run it beside the loop.
    stand_in.__wrapped__ = function  # type: ignore[attr-defined]
    stand_in.__signature__ = signature  # type: ignore[attr-defined]
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        if isinstance(getattr(function, attribute, None), str):
            setattr(stand_in, attribute, getattr(function, attribute))
    return stand_in


def _answering() -> Any:
    """Return the replica that answers the request at hand."""
    handling: Any = ACTING.get()
    return handling.replica


def _gather(function: Any, found: dict[int, Function]) -> None:
    """Take a function, then what it depends on, depth first."""
    if function is None or id(function) in found or isinstance(function, SecurityBase):
        return  # a security scheme keeps nothing, and FastAPI must see what it is to describe it
    found[id(function)] = function
    for dependency in _dependencies(function):
        _gather(dependency.dependency, found)


def _dependencies(function: Function) -> Iterator[Depends]:
    hints = _hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        if isinstance(parameter.default, Depends):
            yield _named(parameter.default, hint)
        elif typing.get_origin(hint) is Annotated:
            kind, *about = typing.get_args(hint)
            yield from (_named(each, kind) for each in about if isinstance(each, Depends))


def _named(dependency: Depends, kind: Any) -> Depends:
    """Return a dependency that names what it depends on: `Depends()` means the annotated class."""
    if dependency.dependency is not None or kind is None:
        return dependency
    if typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    return dataclasses.replace(dependency, dependency=kind)


def _hints(function: Any) -> dict[str, Any]:
    """Return resolved annotations of a function, of a class's constructor, or of an object that is called."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isclass(function):
        function = function.__init__
    elif not inspect.isroutine(function):
        function = type(function).__call__
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (
        NameError,
        TypeError,
    ):  # a foreign class without annotations of its own, or with some for type checkers only
        return {}
