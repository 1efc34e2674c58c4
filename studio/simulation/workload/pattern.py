r"""Make text that matches a regular expression: the simple ones that contracts state, such as `^[A-Z]{2}-\d+$`."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

__all__ = ["matching"]

_REPEAT_MAX = 6
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_WORD": "-. ",
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
}
_PLAIN = string.ascii_lowercase


def matching(pattern: str, draw: Callable[[], float]) -> str | None:
    """Return a text that matches, or None where the pattern uses what is not simple: look-around, back references.

    Args:
        pattern: Regular expression.
        draw: Uniform in [0, 1).
    """
    from re import _parser  # type: ignore[attr-defined]  # the parser has no public name since 3.11

    try:
        text = _sequence(_parser.parse(pattern), draw)
        return text if re.search(pattern, text) else None
    except (re.error, KeyError):
        return None


def _sequence(nodes: Any, draw: Callable[[], float]) -> str:
    return "".join(_MAKERS[str(kind)](argument, draw) for kind, argument in nodes)


def _repeat(argument: Any, draw: Callable[[], float]) -> str:
    least, most, nodes = argument
    most = min(int(most), int(least) + _REPEAT_MAX)
    return "".join(_sequence(nodes, draw) for _ in range(int(least) + int(draw() * (most - least + 1))))


def _branch(argument: Any, draw: Callable[[], float]) -> str:
    ways = argument[1]
    return _sequence(ways[int(draw() * len(ways))], draw)


def _one_of(argument: Any, draw: Callable[[], float]) -> str:
    refused = str(argument[0][0]) == "NEGATE"
    letters = "".join(_letters(str(kind), value) for kind, value in argument if str(kind) != "NEGATE")
    if refused:
        letters = "".join(letter for letter in string.ascii_letters + string.digits + "-. " if letter not in letters)
    return letters[int(draw() * len(letters))] if letters else ""


def _letters(kind: str, value: Any) -> str:
    if kind == "RANGE":
        low, high = value
        return "".join(chr(code) for code in range(low, min(high, low + 127) + 1))
    return chr(value) if kind == "LITERAL" else _CATEGORIES[str(value)]


_MAKERS: dict[str, Callable[[Any, Callable[[], float]], str]] = {
    "LITERAL": lambda argument, _: chr(argument),
    "NOT_LITERAL": lambda argument, _: "a" if argument != ord("a") else "b",
    "ANY": lambda _, draw: _PLAIN[int(draw() * len(_PLAIN))],
    "IN": _one_of,
    "CATEGORY": lambda argument, draw: _CATEGORIES[str(argument)][int(draw() * len(_CATEGORIES[str(argument)]))],
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "SUBPATTERN": lambda argument, draw: _sequence(argument[-1], draw),
    "ATOMIC_GROUP": _sequence,
    "BRANCH": _branch,
    "AT": lambda _argument, _draw: "",
}
