"""Translate the notation `$.Order.created` to Python's `S.Order.created`, in place.

One character becomes one character, so lines and columns stay true. Only a `$` that is code is touched: one that is
followed by a dot, and follows neither a name, a number, a dot nor another `$`. Strings, comments and f-strings, their
expressions too, stay as they are (3.11 has no tokens inside f-strings, so later versions must not see more).

Whole tokens decide. Where tokens end, in code that is still being typed, a lexical scan goes on from there.
"""

from __future__ import annotations

import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence

from studio.errors import BadDollar, Where

__all__ = ["as_written", "check", "translate", "translate_cell_lines"]

_USABLE = re.compile(r"(?<![\w.$])\$(?=\.)")
_WRITTEN = re.compile(r"(?<![\w.$])\$\.[A-Za-z]")
_STRING = r"""
    '''  (?: \\. | [^\\] )*?  (?: ''' | \\?\Z )          # a string without an end goes on to the end of the text
  | \"\"\" (?: \\. | [^\\] )*?  (?: \"\"\" | \\?\Z )
  | '    (?: \\. | [^'\\\n] )*  (?: ' | (?=\n) | \\?\Z )  # or, on one line, to the end of the line
  | "    (?: \\. | [^"\\\n] )*  (?: " | (?=\n) | \\?\Z )
"""
_LEXICAL = re.compile(rf"(?P<skipped> \#[^\n]* | {_STRING} ) | (?P<dollar> \$ )", re.DOTALL | re.VERBOSE)
_MAGIC = re.compile(
    rf"""(?P<skipped> \#[^\n]* | {_STRING} )
       | (?P<magic> ^[ \t]*[!%] (?: \\\n | [^\n] )*  |  (?<![=!<>])=[ \t]*[!%][^\n]* )""",
    re.DOTALL | re.VERBOSE | re.MULTILINE,
)
_F_STRINGS = {
    number: step
    for name, step in {"FSTRING_START": 1, "FSTRING_END": -1, "TSTRING_START": 1, "TSTRING_END": -1}.items()
    if (number := getattr(tokenize, name, None)) is not None
}


def translate(text: str) -> str:
    """Return `text` with every `$` of an address made an `S`.

    It never fails: what cannot be read as Python is scanned, and what is no address is left. The result has the same
    lines and columns, and translating it again changes nothing.

    Example:
        >>> translate("on($.Order.created)  # not $.this")
        'on(S.Order.created)  # not $.this'
    """
    if "$." not in text:
        return text
    changed = list(text)
    for offset in _dollars(text):
        if _USABLE.match(text, offset):
            changed[offset] = "S"
    return "".join(changed)


def translate_cell_lines(lines: Sequence[str]) -> list[str]:
    """Translate an ordinary notebook cell; meant for IPython's `input_transformers_cleanup`.

    Cells that start with a cell magic are returned as they are: Studio's own translate their body when they read it,
    and the bodies of others may be of any language. Lines for the shell and line magics stay too.

    Args:
        lines: The cell's lines, each with its line end.
    """
    text = "".join(lines)
    if "$." not in text or text.lstrip().startswith("%%"):
        return list(lines)
    magics = [found.span() for found in _MAGIC.finditer(text) if found["magic"] is not None]
    changed = translate(_masked(text, magics))
    for start, end in magics:
        changed = changed[:start] + text[start:end] + changed[end:]
    return _as_cut(changed, lines)


def as_written(text: str, written: str) -> str:
    """Return translated text as its author wrote it, each `$` in its place again.

    Args:
        text: What `translate` gave, or the beginning of it.
        written: What it was given; where the two differ otherwise, a line stays as it is.
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(written.splitlines(keepends=True)[: len(lines)]):
        if "$" in line and translate(line).rstrip() == lines[number].rstrip():
            lines[number] = line
    return "".join(lines)


def check(text: str, *, cell: str) -> None:
    """Refuse a `$` in code that is no address, such as `$Order` or `$.` alone.

    Args:
        text: A cell's body, not yet translated.
        cell: How the cell is shown.

    Raises:
        BadDollar: With the line and the remedy.
    """
    if "$" not in text:
        return
    for offset in _dollars(text):
        if not _WRITTEN.match(text, offset):
            written = text[offset:].split(maxsplit=1)[0]
            raise BadDollar(written=written, where=Where(cell, text.count("\n", 0, offset) + 1))


def _dollars(text: str) -> list[int]:
    """Return the offsets of every `$` in code."""
    if "\0" in text:
        return list(_scanned(text, 0))  # 3.12's tokenizer breaks down on it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler says the same once more, and where
        return _tokenized(text)


def _tokenized(text: str) -> list[int]:
    starts = _line_starts(text)
    found: list[int] = []
    end, f_string = 0, -1
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            start = _offset(starts, token.start)
            if token.type == tokenize.ERRORTOKEN and token.string[:1] in ("'", '"'):
                break  # 3.11 goes on inside a string that has no end
            if depth == 0:
                f_string = start
            depth += _F_STRINGS.get(token.type, 0)
            if depth == 0 and token.string == "$":
                found.append(start)
            end = _offset(starts, token.end)
        else:
            return found
    except (tokenize.TokenError, SyntaxError):
        pass
    return found + list(_scanned(text, f_string if depth else end))


def _scanned(text: str, start: int) -> Iterator[int]:
    for found in _LEXICAL.finditer(text, start):
        if found["dollar"]:
            yield found.start()


def _masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", "#", text[start:end]) + text[end:]
    return text


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


def _offset(starts: Sequence[int], position: tuple[int, int]) -> int:
    line, column = position
    return starts[min(line, len(starts)) - 1] + column


def _as_cut(text: str, lines: Sequence[str]) -> list[str]:
    pieces, start = [], 0
    for line in lines:
        pieces.append(text[start : start + len(line)])
        start += len(line)
    return pieces
