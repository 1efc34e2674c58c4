"""Look in an author's code for what makes a run depend on the process: sets, addresses, the environment, files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from studio.source.cell import Source

__all__ = ["Suspect", "suspects_in"]

_CALLS = {
    "id": "address", "hash": "address", "open": "file", "os.getenv": "environment", "os.getcwd": "file",
    "os.listdir": "file", "os.scandir": "file", "os.stat": "file", "Path.cwd": "file", "os.cpu_count": "machine",
    "platform.node": "machine", "socket.gethostname": "machine", "sys.getrefcount": "address",
}  # fmt: skip
_METHODS = dict.fromkeys(("read_text", "read_bytes", "iterdir", "glob", "rglob"), "file")
_SETS = frozenset({"set", "frozenset"})
_ORDERED = frozenset({"sorted", "len", "sum", "min", "max", "any", "all", "bool", "set", "frozenset"})


@dataclass(frozen=True, slots=True)
class Suspect:
    """An expression that may answer otherwise in another process.

    Attributes:
        line: In the source's body.
        cause: One of the causes that `culprit` words.
        text: As the author wrote it.
    """

    line: int
    cause: str
    text: str


def suspects_in(source: Source, *, around: int = 0) -> list[Suspect]:
    """Return the suspects of a source, those of the function at a line first.

    Args:
        source: Python; SQL has none.
        around: A line of its body.
    """
    try:
        tree = ast.parse(source.body)
    except SyntaxError:
        return []
    found = sorted(_suspects(tree), key=lambda each: each.line)
    inner = _lines_of(tree, around)
    return [each for each in found if each.line in inner] + [each for each in found if each.line not in inner]


def _suspects(tree: ast.Module) -> Iterator[Suspect]:
    sets = {name for node in ast.walk(tree) for name in _set_names(node)}
    harmless = {id(each) for node in ast.walk(tree) for each in _harmless(node)}
    for node in ast.walk(tree):
        cause = "" if id(node) in harmless else _cause(node, sets)
        if cause and isinstance(node, ast.expr):
            yield Suspect(node.lineno, cause, ast.unparse(node))


def _cause(node: ast.AST, sets: set[str]) -> str:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        return _CALLS.get(name) or (_METHODS.get(node.func.attr, "") if isinstance(node.func, ast.Attribute) else "")
    if isinstance(node, ast.Attribute):
        return "environment" if ast.unparse(node) == "os.environ" else ""
    if _is_set(node):
        return "order"
    return "order" if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in sets else ""


def _is_set(node: ast.AST | None) -> bool:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SETS
    return called or isinstance(node, ast.Set | ast.SetComp)


def _set_names(node: ast.AST) -> list[str]:
    """Return the names that a statement binds to a set."""
    if isinstance(node, ast.Assign) and _is_set(node.value):
        return [each.id for each in node.targets if isinstance(each, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        annotated = ast.unparse(node.annotation).partition("[")[0] in _SETS
        return [node.target.id] if annotated or _is_set(node.value) else []
    return []


def _harmless(node: ast.AST) -> list[ast.AST]:
    """Return the sets whose order does not matter: what is sorted, counted, asked for a member, or only kept."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ORDERED:
        return list(node.args)
    if isinstance(node, ast.Compare):
        return list(node.comparators)
    if isinstance(node, ast.Assign | ast.AnnAssign) and _is_set(node.value):
        return [] if node.value is None else [node.value]
    return []


def _lines_of(tree: ast.Module, line: int) -> range:
    """Return the lines of the function that a line is in, or that it decorates."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line <= (node.end_lineno or node.lineno):
                return range(first, (node.end_lineno or node.lineno) + 1)
    return range(0)
