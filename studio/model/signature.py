"""Read what a handler takes and gives from its annotations."""

from __future__ import annotations

import builtins
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, GenericAlias
from typing import Any

from studio.errors import InvalidDeclaration, Where

__all__ = ["Parameter", "Signature", "read_signature", "where_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: name, type (Any where not annotated), whether it has a default."""

    name: str
    type: Any
    optional: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes and gives.

    Attributes:
        parameters: In order.
        returns: The answer's type; None for no answer.
        is_async: Whether it is a coroutine function (or an async generator).
    """

    parameters: tuple[Parameter, ...]
    returns: Any
    is_async: bool

    @property
    def takes(self) -> Any:
        """Return the type of the first parameter; None where there is none."""
        return self.parameters[0].type if self.parameters else None


def read_signature(function: Callable[..., Any]) -> Signature:
    """Return a handler's signature, with annotations resolved in its module.

    Raises:
        InvalidDeclaration: An annotation names something that does not exist.
    """
    try:
        hints = _plain_hints(function) or typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        named = f"names {error.name!r}, which is not declared" if isinstance(error, NameError) else "cannot be read"
        raise InvalidDeclaration(
            what=f"handler={getattr(function, '__name__', type(function).__name__)}",
            reason=f"an annotation {named}",
            remedy_text="Declare the contract in an earlier %%contracts cell, or import it.",
            where=where_of(function),
        ) from error
    parameters = inspect.signature(function).parameters.values()
    read = tuple(Parameter(p.name, hints.get(p.name, Any), p.default is not p.empty) for p in parameters)
    returns = hints.get("return")
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return Signature(read, None if returns is type(None) else returns, is_async)


def _plain_hints(function: Callable[..., Any]) -> dict[str, Any] | None:
    """Return the annotations of a function where each is the bare name of a class, as nearly all are; None elsewhere.

    Modules are executed afresh for every incarnation, and compiling such names takes most of reading a signature.
    """
    if type(function) is not FunctionType or hasattr(function, "__wrapped__"):
        return None
    hints: dict[str, Any] = {}
    for name, given in function.__annotations__.items():
        found = function.__globals__.get(given) if type(given) is str else given
        if given in ("None", None):
            found = type(None)
        elif type(given) is str and given not in function.__globals__:
            found = vars(builtins).get(given)
        if not isinstance(found, type) or isinstance(found, GenericAlias):
            return None
        hints[name] = found
    return hints


def where_of(function: Callable[..., Any]) -> Where | None:
    """Return the cell and line in which a function was declared; None for what has no code of its own.

    The loader names the cell in the module's globals and says how many lines stand before its body.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    names = getattr(inspect.unwrap(function), "__globals__", {})
    cell = names.get("__studio_cell__", names.get("__name__", "?"))
    return Where(str(cell), code.co_firstlineno - int(names.get("__studio_offset__", 0)))
