"""Find, without executing it, what a source sends, and to which events it listens.

Only what is written out is seen: an address as `S.Order.created`, as text, or as a module's constant for one of them.
What is computed is found when it happens.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from studio.address import Address, Pattern, is_pattern, parse, pattern
from studio.errors import StudioError
from studio.source.cell import Source
from studio.source.names import names_of
from studio.source.options import KINDS
from studio.source.parsing import parse_source

__all__ = ["Use", "Verb", "uses_of"]

Verb = Literal["call", "publish", "send", "stream", "on", "operation"]

_USES_MAX = 4096
_VERBS: Mapping[str, Verb] = {verb: verb for verb in get_args(Verb) if verb not in {"on", "operation"}}
_OURS = frozenset({"S", "studio", *(kind.bound for kind in KINDS.values())})  # free in a cell, but no handles
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Use:
    """Hold one place where a source sends or listens.

    Args:
        verb: The verb; `operation` for `Handle.operation(...)`.
        target: The address, or a pattern where one is written; None for an operation of a handle.
        handle: Name of the handle, else empty.
        operation: Name of its operation, else empty.
        function: Qualified name of the function around it, or of the one that `on` decorates; empty for none.
        line: Line of the origin.
    """

    verb: Verb
    target: Address | Pattern | None
    handle: str
    operation: str
    function: str
    line: int


def uses_of(source: Source) -> tuple[Use, ...]:
    """Return what a source sends and listens to, by line; nothing for SQL.

    A call on a free or imported name, `Payment.process(...)`, is given as an operation of a handle; whether such a
    service exists is for the caller to say.

    Raises:
        InvalidSyntax: The body is not Python.
    """
    return _uses_of(source, source.first_line)


@functools.lru_cache(maxsize=_USES_MAX)
def _uses_of(source: Source, first_line: int) -> tuple[Use, ...]:
    # Equal sources may begin at different lines: a cell, and the file exported from it.
    if source.is_sql:
        return ()
    tree = parse_source(source)
    finder = _Finder(_constants(tree), frozenset(names_of(source).free) - _OURS, first_line - 1)
    return tuple(sorted(finder.visit_all(tree, ""), key=lambda use: use.line))


@dataclass(frozen=True, slots=True)
class _Finder:
    constants: Mapping[str, ast.expr]
    handles: frozenset[str]
    offset: int

    def visit_all(self, node: ast.AST, function: str) -> Iterator[Use]:
        for child in ast.iter_child_nodes(node):
            yield from self._visit(child, function)

    def _visit(self, node: ast.AST, function: str) -> Iterator[Use]:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            inner = f"{function}.{node.name}" if function else node.name
            for decorator in node.decorator_list:
                yield from self._listens(decorator, inner)
            yield from self.visit_all(node, inner)
            return
        if isinstance(node, ast.Call):
            yield from self._sends(node, function)
        yield from self.visit_all(node, function)

    def _listens(self, decorator: ast.expr, function: str) -> Iterator[Use]:
        match decorator:
            case ast.Call(func=ast.Attribute(value=ast.Name(), attr="on"), args=addresses):
                for each in addresses:
                    for target in self._targets(each):
                        yield Use("on", target, "", "", function, decorator.lineno + self.offset)

    def _sends(self, call: ast.Call, function: str) -> Iterator[Use]:
        line = call.lineno + self.offset
        match call:
            case ast.Call(
                func=ast.Name(id=verb) | ast.Attribute(value=ast.Name(id="studio"), attr=verb), args=[first, *_]
            ) if verb in _VERBS:
                for target in self._targets(first):
                    yield Use(_VERBS[verb], target, "", "", function, line)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=handle), attr=operation)) if handle in self.handles:
                yield Use("operation", None, handle, operation, function, line)

    def _targets(self, node: ast.expr) -> Iterator[Address | Pattern]:
        if isinstance(node, ast.Name):
            node = self.constants.get(node.id, node)
        if isinstance(node, ast.IfExp):
            yield from self._targets(node.body)
            yield from self._targets(node.orelse)
            return
        text = _text(node)
        if text is not None:
            try:
                yield pattern(text) if is_pattern(text) else parse(text)
            except StudioError:
                return  # said again, with more to say, when it is executed


def _constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    """Return the addresses that the module's own lines give a name."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _text(value) is not None:
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _text(value) is not None:
                found[name] = value
    return found


def _text(node: ast.expr) -> str | None:
    """Return an address's text for a literal or for attributes of `S`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join(reversed(names)) if names and isinstance(node, ast.Name) and node.id == "S" else None
