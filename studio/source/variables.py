"""Find, without executing it, which settings and secrets a source asks for by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from studio.source.cell import Source
from studio.source.parsing import parse_source

__all__ = ["Variable", "variable", "variables"]

_OTHER = re.compile(r"[^A-Z0-9_]")
_DEFAULT_MAX = 40


def variable(name: str) -> str:
    """Return the environment variable of a setting or secret: upper case, `_` for what no variable may hold.

    Example:
        >>> variable("mail.retry-limit")
        'MAIL_RETRY_LIMIT'
    """
    return _OTHER.sub("_", name.upper())


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """An environment variable that a system reads.

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
        for asked in () if source.is_sql else _asked(source):
            known = found.setdefault(asked.name, asked)
            users = sorted({*known.used_by.split(", "), asked.used_by})
            default = known.default if known.default == asked.default else None
            is_secret = known.is_secret or asked.is_secret
            found[asked.name] = Variable(asked.name, is_secret, default, ", ".join(users))
    return tuple(sorted(found.values()))


def _asked(source: Source) -> Iterator[Variable]:
    for node in ast.walk(parse_source(source)):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *rest], keywords=keywords):
                called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
                if called == "Secret":
                    yield Variable(variable(name), is_secret=True, default=None, used_by=source.label)
                elif called == "setting":
                    given = [*rest, *(each.value for each in keywords if each.arg == "default")]
                    default = _shown(given[0]) if given else None
                    yield Variable(variable(name), is_secret=False, default=default, used_by=source.label)


def _shown(default: ast.expr) -> str:
    """Return a default as the environment would have it; one that is computed as it is written."""
    text = str(default.value) if isinstance(default, ast.Constant) else ast.unparse(default)
    return text if len(text) <= _DEFAULT_MAX else text[: _DEFAULT_MAX - 1] + "…"
