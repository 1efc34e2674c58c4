"""Parse and compile a source's body, and say what is wrong with it in the author's lines."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from types import CodeType
from typing import Final

from studio.errors import BadDollar, FutureImport, InvalidSyntax, StudioError, TopLevelAwait, Where
from studio.source import dollar
from studio.source.cell import Source

__all__ = ["FAILURES", "compile_source", "explained", "parse_source"]

_TREES_MAX = 1024
FAILURES: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python's parser and compiler raise for a text that is no program."""
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)  # these may await later
_AWAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def parse_source(source: Source) -> ast.Module:
    """Return the body's syntax tree, its lines counted in the body; shared, so not to be changed.

    Raises:
        InvalidSyntax: The body is not Python.
        BadDollar: It is not, for a `$` that is no address.
    """
    return _parsed(source)


def compile_source(source: Source, filename: str) -> CodeType:
    """Compile the body so that its line numbers are those of its file, or of the cell's body.

    Args:
        source: What to compile; Python.
        filename: What tracebacks name.

    Raises:
        InvalidSyntax: The body is not Python.
        BadDollar: It is not, for a `$` that is no address.
        TopLevelAwait: It awaits outside a function.
        FutureImport: A cell imports from `__future__`.
    """
    tree = parse_source(source)
    _refuse(source, tree)
    padded = "\n" * (source.first_line - 1) + source.body
    try:
        # The text and not the tree, which is shared; optimisation is fixed, so that -O runs the same assertions.
        return compile(padded, filename, "exec", dont_inherit=True, optimize=0)
    except FAILURES as error:
        raise explained(source, error, is_padded=True) from error


def explained(source: Source, error: BaseException, *, is_padded: bool = False) -> StudioError:
    """Turn a complaint of Python's parser or compiler into ours.

    Args:
        source: What it is about.
        error: The complaint.
        is_padded: Whether its line is the origin's; else it counts in the body.
    """
    if not isinstance(error, SyntaxError) or error.lineno is None:
        message = str(error) or type(error).__name__
        return InvalidSyntax(message=message, excerpt="", where=Where(source.origin))
    line = error.lineno - source.first_line + 1 if is_padded else error.lineno
    bad = _bad_dollar(source)
    if bad is not None:
        return bad
    start, end = error.offset or 0, error.end_offset or 0
    excerpt = _excerpt(source, line, start, end if error.end_lineno == error.lineno else 0)
    # In a file no `$` is translated, and in f-strings none anywhere.
    message = f"{error.msg}; write S. for $. here" if "$." in excerpt else error.msg
    return InvalidSyntax(message=message, excerpt=excerpt, where=_where(source, line))


@functools.lru_cache(maxsize=_TREES_MAX)
def _parsed(source: Source) -> ast.Module:
    assert not source.is_sql, source.label
    try:
        return ast.parse(source.body)
    except FAILURES as error:
        raise explained(source, error) from error


def _refuse(source: Source, tree: ast.Module) -> None:
    line = next(_awaits(tree), None)
    if line is not None:
        raise TopLevelAwait(excerpt=_excerpt(source, line, 0, 0), where=_where(source, line))
    for node in tree.body if source.implicit else ():
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            raise FutureImport(where=_where(source, node.lineno))


def _awaits(node: ast.AST) -> Iterator[int]:
    """Yield the body's lines that await outside every function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _SCOPES):
            continue
        if isinstance(child, _AWAITS):
            yield child.lineno
        elif isinstance(child, ast.comprehension) and child.is_async:
            yield child.target.lineno
        yield from _awaits(child)


def _bad_dollar(source: Source) -> BadDollar | None:
    try:
        dollar.check(source.body, cell=source.origin)
    except BadDollar as error:
        line = error.where.line if error.where else None
        return BadDollar(written=error.written, where=_where(source, line))
    return None


def _where(source: Source, body_line: int | None) -> Where:
    return Where(source.origin, None if body_line is None else body_line + source.first_line - 1)


def _excerpt(source: Source, body_line: int, start: int, end: int) -> str:
    """Return the line and, below it, a caret, on lines of their own; columns count from 1, 0 for none."""
    lines = source.body.splitlines() or [""]
    text = lines[min(max(body_line, 1), len(lines)) - 1]
    shown = text.strip()
    if not shown:
        return ""
    excerpt = f"\n    {shown}"
    column = start - 1 - (len(text) - len(text.lstrip()))
    if start > 0 and 0 <= column <= len(shown):
        excerpt += f"\n    {' ' * column}{'^' * max(min(end - start, len(shown) - column), 1)}"
    return excerpt
