"""Find the names of a source: those it takes from outside, those it binds, and its imports.

Scopes are the compiler's own (symtable), so comprehensions, closures, class bodies, `global`, walrus, match and type
parameters need no rules here. Annotations that are text, or that a future import defers, are laid open in the text
first, column for column, so that the compiler sees them as well.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import functools
import symtable
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from studio.errors import NameOfOrdinaryCell, StudioError, UndefinedName, Where, nearest
from studio.source.cell import Source
from studio.source.parsing import FAILURES, explained, parse_source

__all__ = ["Import", "Names", "check_names", "line_of", "names_of", "undefined"]

_NAMES_MAX = 4096
_OF_MODULES = frozenset({"__name__", "__file__", "__doc__", "__builtins__", "__spec__", "__package__", "__loader__"})
_ALWAYS = frozenset(dir(builtins)) | _OF_MODULES | {"__path__", "__annotations__", "__dict__"}
_COMPREHENSION = 2 << 8  # DEF_COMP_ITER of CPython's symtable.h, 3.11 to 3.13
_OF_CLASSES = frozenset({"__module__", "__qualname__", "__class__"})


@dataclass(frozen=True, slots=True)
class Import:
    """Hold one imported name.

    Args:
        module: Dotted name as written, without leading dots; may be empty in a relative import.
        name: What is taken from the module; empty for `import module`, `*` for everything.
        bound: Name that it gets here.
        level: Number of leading dots.
        line: Line in the body.
    """

    module: str
    name: str
    bound: str
    level: int
    line: int


@dataclass(frozen=True, slots=True)
class Names:
    """Hold what a body takes and gives.

    Args:
        free: Names that it uses and neither binds itself nor finds among the builtins, sorted.
        bound: Names that it binds as a module, sorted; imported ones among them.
        imports: Every import, in functions too, by line.
    """

    free: tuple[str, ...]
    bound: tuple[str, ...]
    imports: tuple[Import, ...]


@functools.lru_cache(maxsize=_NAMES_MAX)
def names_of(source: Source) -> Names:
    """Return the names of a source; none for SQL.

    Raises:
        InvalidSyntax: The body is not Python.
    """
    if source.is_sql:
        return Names((), (), ())
    tree = parse_source(source)
    bound: set[str] = set()
    used: set[str] = set()
    _collect(_table(source, tree), bound, used)
    return Names(tuple(sorted(used - bound - _ALWAYS)), tuple(sorted(bound)), tuple(_imports(tree)))


def line_of(source: Source, name: str) -> int | None:
    """Return the first line of the origin that uses `name`, as code or in an annotation's text; None when none does."""
    lines = [getattr(node, "lineno", 1) for node in ast.walk(parse_source(source)) if _uses(node, name)]
    return min(lines) + source.first_line - 1 if lines else None


def undefined(source: Source, name: str, visible: Collection[str], *, line: int | None = None) -> UndefinedName:
    """Return the error for a name that is not defined, with the nearest that are.

    Args:
        source: What uses it.
        name: The name.
        visible: Names that are given to the source.
        line: Line of the origin that uses it; by default the first that does.
    """
    place = Where(source.origin, line or line_of(source, name))
    return UndefinedName(name=name, nearest=_nearest(source, name, visible), where=place)


def check_names(source: Source, visible: Collection[str], *, ordinary: Mapping[str, str] | None = None) -> None:
    """Refuse names that the source does not see, before anything is executed.

    A source with a star import is not checked, since what that brings is not known here.

    Args:
        source: What to check.
        visible: Names that are given to the source.
        ordinary: Names that only ordinary cells define, each with how to show its cell; none by default.

    Raises:
        NameOfOrdinaryCell: A name is defined, but where export does not look.
        UndefinedName: A name is not defined at all.
    """
    names = names_of(source)
    if any(each.name == "*" for each in names.imports):
        return
    missing = [(line_of(source, name) or 0, name) for name in names.free if name not in visible]
    if missing:
        raise _missing(source, min(missing)[1], visible, ordinary or {})


def _nearest(source: Source, name: str, visible: Collection[str]) -> str:
    bound = names_of(source).bound
    if name in bound:
        return f"{name} itself, which a later line binds"
    given = {each for each in {*visible, *bound} if not each.startswith("_")}
    builtin = difflib.get_close_matches(name, dir(builtins), n=1, cutoff=0.8)
    return nearest(name, {*given, *builtin})


def _missing(source: Source, name: str, visible: Collection[str], ordinary: Mapping[str, str]) -> StudioError:
    if name in ordinary:
        where = Where(source.origin, line_of(source, name))
        return NameOfOrdinaryCell(name=name, cell=ordinary[name], where=where)
    return undefined(source, name, visible)


def _table(source: Source, tree: ast.Module) -> symtable.SymbolTable:
    try:
        return symtable.symtable(_opened(source.body, tree), source.origin, "exec")
    except FAILURES:  # perhaps for an annotation's text, such as a walrus, that is no expression at its place
        pass
    try:
        return symtable.symtable(source.body, source.origin, "exec")
    except FAILURES as error:
        raise explained(source, error) from error


def _collect(table: symtable.SymbolTable, bound: set[str], used: set[str]) -> None:
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        name = symbol.get_name()
        if is_module and _is_inlined(symbol):
            continue
        if is_module:
            # Declared global without an assignment of its own: bound by a walrus in a comprehension.
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_declared_global():
                bound.add(name)
            if symbol.is_referenced():
                used.add(name)
        elif symbol.is_global():
            if symbol.is_assigned() or symbol.is_imported():
                bound.add(name)
            if symbol.is_referenced() and name not in _OF_CLASSES:
                used.add(name)
    for child in table.get_children():
        _collect(child, bound, used)


def _is_inlined(symbol: symtable.Symbol) -> bool:
    """Tell whether a name is only a comprehension's, which from 3.12 on are inlined into the scope around them."""
    asked = getattr(symbol, "is_comp_iter", None)  # public from 3.14 on
    return bool(asked()) if asked is not None else bool(getattr(symbol, "_Symbol__flags", 0) & _COMPREHENSION)


def _imports(tree: ast.Module) -> Iterator[Import]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                yield Import(node.module or "", alias.name, alias.asname or alias.name, node.level, node.lineno)
            else:
                bound = alias.asname or alias.name.partition(".")[0]
                yield Import(alias.name, "", bound, 0, node.lineno)


def _uses(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name
    return any(_inside(text, name) for text in _texts(node))


def _inside(text: ast.Constant, name: str) -> bool:
    expression = _expression(text)
    return expression is not None and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(expression))


def _opened(body: str, tree: ast.Module) -> str:
    """Return the body with annotations' quotation marks and future imports blanked, all else at the same place."""
    lines = [line.encode() for line in body.split("\n")]  # the tree counts columns in bytes
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.lineno == node.end_lineno:
            _write(lines, node, b"0")
        for text in _texts(node):
            if _expression(text) is not None and _is_simple(lines, text):
                _write(lines, text, b"(" + str(text.value).encode() + b")")
    return b"\n".join(lines).decode()


def _write(lines: list[bytes], node: ast.stmt | ast.expr, content: bytes) -> None:
    assert node.end_col_offset is not None
    line = lines[node.lineno - 1]
    padded = content.ljust(node.end_col_offset - node.col_offset)
    lines[node.lineno - 1] = line[: node.col_offset] + padded + line[node.end_col_offset :]


def _is_simple(lines: list[bytes], text: ast.Constant) -> bool:
    """Tell whether a text stands between one pair of quotation marks, as it is meant."""
    written = lines[text.lineno - 1][text.col_offset : text.end_col_offset]
    return text.lineno == text.end_lineno and written[1:-1] == str(text.value).encode()


def _expression(text: ast.Constant) -> ast.AST | None:
    try:
        return ast.parse(str(text.value), mode="eval")
    except FAILURES:
        return None


def _texts(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts in a node's own annotations that stand for types."""
    for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        if isinstance(annotation, ast.expr):
            yield from _types(annotation)


def _types(annotation: ast.expr) -> Iterator[ast.Constant]:
    match annotation:
        case ast.Constant(value=str()):
            yield annotation
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            return
        case ast.Subscript(
            value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"), slice=ast.Tuple(elts=[kind, *_])
        ):
            yield from _types(kind)
        case ast.Subscript(slice=inner):
            yield from _types(inner)
        case ast.BinOp(left=left, right=right):
            yield from _types(left)
            yield from _types(right)
        case ast.Tuple(elts=kinds) | ast.List(elts=kinds):
            for kind in kinds:
                yield from _types(kind)
