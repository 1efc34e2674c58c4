"""Find texts in a system's sources that look like secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from studio.errors import Where
from studio.source.cell import Source
from studio.source.parsing import parse_source

__all__ = ["suspicions"]

_LENGTH_MIN = 8
_KEPT_MAX = 512
_NAMED = re.compile(r"(?i)(^|_)(password|passwd|pwd|secret|token|api_?key|private_?key|access_?key)$")
_SHAPED = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}"),
    re.compile(r"\bglpat-[A-Za-z0-9_-]{20}"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/@\"'{}]+@"),
)


def suspicions(sources: Iterable[Source]) -> tuple[Where, ...]:
    """Return the places where a text looks like a secret: by its form, or by what it is assigned to."""
    return tuple(Where(source.origin, line + source.first_line - 1) for source in sources for line in _lines(source))


@lru_cache(maxsize=_KEPT_MAX)  # every cell's card asks again, of all sources
def _lines(source: Source) -> tuple[int, ...]:
    """Return the lines of a body that look like secrets."""
    return tuple(sorted({*_shaped(source), *(() if source.is_sql else _named(source))}))


def _shaped(source: Source) -> Iterator[int]:
    for number, line in enumerate(source.body.split("\n"), start=1):
        if any(shape.search(line) for shape in _SHAPED):
            yield number


def _named(source: Source) -> Iterator[int]:
    """Yield the lines that give a text to a name that says it is a secret."""
    for node in ast.walk(parse_source(source)):
        pairs: list[tuple[str, ast.expr | None]] = []
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(_name(target), value) for target in targets]
            case ast.AnnAssign(target=target, value=value):
                pairs = [(_name(target), value)]
            case ast.keyword(arg=str(name), value=value):
                pairs = [(name, value)]
            case ast.Dict(keys=keys, values=values):
                pairs = [(_text(key), value) for key, value in zip(keys, values, strict=True)]
        for name, value in pairs:
            if value is not None and len(_text(value)) >= _LENGTH_MIN and _NAMED.search(name):
                yield value.lineno


def _name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")


def _text(node: ast.expr | None) -> str:
    """Return the text that a node is; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
