"""See what a handler does, itself and through the functions of its own module: calls, requests, writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from studio.graph.definition import Definition
from studio.graph.rules.rule import Facts
from studio.model.service import Service
from studio.model.third_party import Client
from studio.source.parsing import parse_source

__all__ = ["Act", "Handler", "calls_of", "handlers_of", "reached_by", "requests_of", "writes_of"]

_WRITES = ("put", "insert", "delete")
_REQUESTS = ("post", "put", "patch", "delete", "request")
_KEPT_MAX = 512


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a function does.

    Attributes:
        what: Collection, client or address.
        how: Method; the verb of a call.
        line: In the origin.
    """

    what: str
    how: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A function of a service that something outside it sets off.

    Attributes:
        declared: Its operation, subscription, endpoint or job.
        functions: Names of its function and of those that this reaches in its module.
    """

    definition: Definition
    service: Service
    declared: Any
    functions: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.functions[0]


def handlers_of(facts: Facts, *kinds: str) -> Iterator[Handler]:
    """Yield the handlers of present definitions.

    Args:
        facts: Of the system.
        kinds: Among `operations`, `subscriptions`, `endpoints` and `jobs`.
    """
    for definition in facts.graph.definitions.values():
        for service in () if definition.kept_version else definition.declarations.of(Service):
            for kind in kinds:
                members = getattr(service, kind)
                for declared in members.values() if isinstance(members, dict) else members:
                    name = getattr(declared.function, "__name__", declared.name)
                    yield Handler(definition, service, declared, reached_by(definition, name))


def reached_by(definition: Definition, name: str) -> tuple[str, ...]:
    """Return a function and what it calls in its own module, directly or not."""
    called, reached = _called(definition), [name]
    for each in reached:
        reached.extend(other for other in called.get(each, ()) if other not in reached)
    return tuple(reached)


def calls_of(facts: Facts, definition: Definition, functions: tuple[str, ...]) -> list[Act]:
    """Return the calls of operations that functions make."""
    return [
        Act(address, use.verb, use.line)
        for user, use, address in facts.uses
        if user is definition and use.function in functions and address in facts.graph.operations
        if use.verb in ("call", "send", "operation")
    ]


def requests_of(handler: Handler) -> list[Act]:
    """Return the requests to third parties that change something there, as far as the methods' names tell."""
    clients = {name: value.name for name, value in vars(handler.definition.module).items() if isinstance(value, Client)}
    return _acts(handler, clients, _REQUESTS)


def writes_of(handler: Handler) -> list[Act]:
    """Return the writes of the service's own collections."""
    own = list(handler.service.collections.values())
    names = {
        name: each.name for name, value in vars(handler.definition.module).items() for each in own if value is each
    }
    return _acts(handler, names, _WRITES)


def _acts(handler: Handler, names: dict[str, str], methods: tuple[str, ...]) -> list[Act]:
    offset = handler.definition.source.first_line - 1
    return [
        Act(names[bound], method, line + offset)
        for function, bound, method, line in _methods(handler.definition)
        if function in handler.functions and bound in names and method in methods
    ]


@lru_cache(maxsize=_KEPT_MAX)
def _methods(definition: Definition) -> tuple[tuple[str, str, str, int], ...]:
    """Return the calls of methods of module-level names: function, name, method, line."""
    return tuple(
        (function.name, node.func.value.id, node.func.attr, node.lineno)
        for function in _functions(definition)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    )


@lru_cache(maxsize=_KEPT_MAX)
def _called(definition: Definition) -> dict[str, list[str]]:
    """Return, by function, the names that it calls."""
    return {
        function.name: [
            node.func.id
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        for function in _functions(definition)
    }


def _functions(definition: Definition) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = parse_source(definition.source)
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
