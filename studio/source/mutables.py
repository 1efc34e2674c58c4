"""Find what services would share by accident: module-level state in a contracts or module cell.

Such a cell executes once for each version of the system, so a list in it would be one list for every replica of every
service, which no deployment has. Constants, types and functions stay allowed; what can change is refused, with the
name, the line and what to write instead.

What counts as state is a judgement: containers, streams, generators and locks by their kind; objects of the author's
own classes when their attributes can be set; objects of installed packages (a password hasher, a template) only when
they have no hash. A name that a function rebinds with `global` is state too. Memoised functions (`functools.cache`) are
allowed, since a pure function answers the same from memory.
"""

from __future__ import annotations

import array
import ast
import asyncio
import collections
import collections.abc
import dataclasses
import enum
import functools
import io
import random
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from studio.errors import SharedMutable, Where

__all__ = ["SharedState", "find_shared_state", "refuse_shared_state"]

_DEPTH_MAX = 8
_SAFE = (type, types.ModuleType, types.MappingProxyType, random.SystemRandom, slice, enum.Enum)
_TRUSTED = ("pydantic", "studio", "typing")
_AWAITED = (asyncio.Condition, asyncio.Event, asyncio.Future, asyncio.Lock, asyncio.Queue, asyncio.Semaphore)
_KINDS: tuple[tuple[tuple[type, ...], str, str], ...] = (
    ((bytearray,), "", "Make it bytes, or {move}."),
    ((list, collections.deque, array.array, collections.abc.MutableSequence), "", "Make it a tuple, or {move}."),
    ((collections.abc.MutableSet,), "", "Make it a frozenset, or {move}."),
    ((collections.abc.MutableMapping,), "", "Make it a types.MappingProxyType, or {move}."),
    ((random.Random,), "a generator with a state", "Draw from the random module's functions, or {move}."),
    ((io.IOBase,), "an open file", "Read it into a constant, or open it where it is used."),
    ((collections.abc.Iterator,), "an iterator with a position", "Make it a tuple, or {move}."),
    (_AWAITED, "", "Make it where it is awaited, or {move}."),
)
"""Types, what to call them when not by their own name, and the remedy; the first that fits counts, since a
bytearray is a sequence too, and a file an iterator."""
_MOVE = "move it into the service that needs it, where each replica has its own"


class SharedState(NamedTuple):
    """Say which name of a module can change, and what to do about it.

    Args:
        name: Such as `seen`, `PRICES['tea']` or `Basket.items`.
        line: Line in the cell's body that binds the name.
        kind: Such as `a list`.
        instead: Remedy, a sentence.
    """

    name: str
    line: int
    kind: str
    instead: str


def find_shared_state(tree: ast.Module, namespace: Mapping[str, Any]) -> tuple[SharedState, ...]:
    """Return what can change among the names that a module's own statements bind, by line.

    Imported names are another module's business; names with two underscores on either side are Python's.

    Args:
        tree: The module's body, parsed.
        namespace: Its globals after execution; `__name__` tells which classes are the author's own.
    """
    found = [_rebound(name, line) for name, line in _global_statements(tree)]
    authored = str(namespace.get("__name__", ""))
    for name, line in _bound_names(tree.body):
        if name in namespace:
            found += _judge(name, line, namespace[name], authored)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and isinstance(namespace.get(node.name), type):
            found += _judge_class(node, namespace[node.name], authored)
    return tuple(sorted(found, key=lambda state: (state.line, state.name)))


def refuse_shared_state(tree: ast.Module, namespace: Mapping[str, Any], cell: str, *, first_line: int = 1) -> None:
    """Raise for the first name that services would share and could change.

    Args:
        tree: The module's body, parsed.
        namespace: Its globals after execution.
        cell: How the cell or file is shown to its author.
        first_line: Line of the body's first line in its file; 1 for a cell.

    Raises:
        SharedMutable: There is such a name.
    """
    for state in find_shared_state(tree, namespace):
        where = Where(cell, state.line + first_line - 1)
        raise SharedMutable(where=where, name=state.name, kind=state.kind, instead=state.instead)


def _bound_names(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield the names that statements bind by assignment, also inside `if`, `for`, `with` and `try`, but not deeper."""
    seen: set[str] = set()
    for node in _own_nodes(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in seen:
            seen.add(node.id)
            if not (node.id.startswith("__") and node.id.endswith("__")):
                yield node.id, node.lineno


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Walk statements without entering functions, classes and comprehensions, whose names are their own."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension)
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, inner):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _global_statements(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                yield name, node.lineno


def _rebound(name: str, line: int) -> SharedState:
    return _state(name, line, "rebound by a function", "Pass it as an argument and return it, or {move}.")


def _state(name: str, line: int, kind: str, instead: str) -> SharedState:
    return SharedState(name, line, kind, instead.format(move=_MOVE))


def _judge_class(node: ast.ClassDef, made: type, authored: str) -> Iterator[SharedState]:
    """Judge what a class body binds, which is shared like a module's names; pydantic's configuration is exempt."""
    for name, line in _bound_names(node.body):
        if name in vars(made) and name != "model_config":
            yield from _judge(f"{node.name}.{name}", line, vars(made)[name], authored)


def _judge(name: str, line: int, value: Any, authored: str, depth: int = 0) -> Iterator[SharedState]:
    """Yield why a value can change: for what it is, else for what it holds."""
    verdict = _known_kind(value) or _own_object(value, authored) or _unhashable(value)
    if verdict is not None:
        yield _state(name, line, *verdict)
    elif depth < _DEPTH_MAX:
        for part, held in _parts(value):
            yield from _judge(f"{name}{part}", line, held, authored, depth + 1)


def _known_kind(value: Any) -> tuple[str, str] | None:
    if isinstance(value, _SAFE):
        return None
    for kinds, text, instead in _KINDS:
        if isinstance(value, kinds):
            return text or _article(type(value).__name__), instead
    return None


def _own_object(value: Any, authored: str) -> tuple[str, str] | None:
    """Return why an object of the author's own class can change: it has attributes, and Python lets them be set.

    Own classes are those of this module and of its neighbours, whose dotted names begin alike.

    An object without any is a sentinel or a descriptor, which nobody means to change.
    """
    kind = type(value)
    if _root(kind.__module__) != _root(authored) or isinstance(value, _SAFE) or _is_callable(value):
        return None
    if hasattr(kind, "model_fields"):
        frozen = getattr(kind, "model_config", {}).get("frozen", False)
        return None if frozen else (f"{_article(kind.__name__)}, which is not frozen", "Make it a Contract, or {move}.")
    # A frozen dataclass, like all that mean it, has a `__setattr__` of its own.
    setter: Any = kind.__setattr__
    if setter is object.__setattr__ and (getattr(value, "__dict__", None) or _has_slots(kind)):
        return f"{_article(kind.__name__)}, whose attributes can be set", "Make the class frozen, or {move}."
    return None


def _unhashable(value: Any) -> tuple[str, str] | None:
    """Return why an object of an installed package can change: Python's mark of a mutable value is having no hash."""
    kind = type(value)
    if kind.__hash__ is not None or isinstance(value, _SAFE) or _root(kind.__module__) in _TRUSTED:
        return None
    return f"{_article(kind.__name__)}, which has no hash", "Make it of immutable parts, or {move}."


def _root(module: str) -> str:
    return module.partition(".")[0]


def _is_callable(value: Any) -> bool:
    return isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.MethodType | functools.partial)


def _has_slots(kind: type) -> bool:
    return any(vars(base).get("__slots__") for base in kind.__mro__ if not issubclass(base, tuple))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an immutable value holds, and how it is reached from there."""
    for kinds, parts in _HOLDERS:
        if isinstance(value, kinds):
            yield from parts(value)
            return
    kind = type(value)
    if dataclasses.is_dataclass(value):
        yield from ((f".{field.name}", getattr(value, field.name)) for field in dataclasses.fields(value))
    elif hasattr(kind, "model_fields"):
        yield from ((f".{name}", getattr(value, name)) for name in kind.model_fields)


def _tuple_parts(value: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    return ((f"[{place}]", held) for place, held in enumerate(value))


def _mapping_parts(value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"[{key!r}]", held) for key, held in value.items())


def _partial_parts(value: functools.partial[Any]) -> Iterator[tuple[str, Any]]:
    return ((".args", held) for held in (*value.args, *value.keywords.values()))


_HOLDERS: tuple[tuple[Any, Callable[[Any], Iterator[tuple[str, Any]]]], ...] = (
    (tuple, _tuple_parts),
    (types.MappingProxyType, _mapping_parts),
    (functools.partial, _partial_parts),
)


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
