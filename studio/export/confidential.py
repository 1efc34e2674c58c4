"""Find which settings and secrets a system needs, by name, and texts in its sources that look like secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from studio.errors import Where
from studio.source.cell import Source
from studio.source.parsing import parse_source

__all__ = ["Variable", "suspicions", "variables"]

_LENGTH_MIN = 8
_OTHER = re.compile(r"[^A-Z0-9_]")
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


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """An environment variable that the package reads.

    Attributes:
        name: Of the variable.
        is_secret: Whether its value must not be seen.
        default: What is used where it is not set; None where it must be.
        used_by: Who reads it.
    """

    name: str
    is_secret: bool
    default: str | None
    used_by: str


def variables(sources: Iterable[Source]) -> tuple[Variable, ...]:
    """Return the settings and secrets that are written out in sources, by name; what is computed is not seen."""
    found: dict[str, Variable] = {}
    for source in sources:
        for variable in () if source.is_sql else _asked(source):
            known = found.setdefault(variable.name, variable)
            users = sorted({*known.used_by.split(", "), variable.used_by})
            default = known.default if known.default == variable.default else None
            is_secret = known.is_secret or variable.is_secret
            found[variable.name] = Variable(variable.name, is_secret, default, ", ".join(users))
    return tuple(sorted(found.values()))


def suspicions(sources: Iterable[Source]) -> tuple[Where, ...]:
    """Return the places where a text looks like a secret: by its form, or by what it is assigned to."""
    return tuple(
        Where(source.origin, line)
        for source in sources
        for line in sorted({*_shaped(source), *(() if source.is_sql else _named(source))})
    )


def _asked(source: Source) -> Iterator[Variable]:
    for node in ast.walk(parse_source(source)):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *rest], keywords=keywords):
                called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
                if called == "Secret":
                    yield Variable(_variable(name), is_secret=True, default=None, used_by=source.label)
                elif called == "setting":
                    given = [*rest, *(each.value for each in keywords if each.arg == "default")]
                    default = given[0].value if given and isinstance(given[0], ast.Constant) else None
                    text = None if default is None else str(default)
                    yield Variable(_variable(name), is_secret=False, default=text, used_by=source.label)


def _variable(name: str) -> str:
    """Return the environment variable for a name, as the real engine looks for it."""
    return _OTHER.sub("_", name.upper())


def _shaped(source: Source) -> Iterator[int]:
    for number, line in enumerate(source.body.split("\n"), start=source.first_line):
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
                yield value.lineno + source.first_line - 1


def _name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")


def _text(node: ast.expr | None) -> str:
    """Return the text that a node is; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
