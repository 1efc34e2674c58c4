"""Hold one declaration's source as a value, and make it from a notebook cell.

A cell and the file that export makes of it are equal sources. How files are read is in `studio.source.file`.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from studio import address
from studio.address import Address
from studio.errors import Where
from studio.source import dollar
from studio.source.options import KINDS, Kind, Options, Value, magic_line, parse_line

__all__ = ["Kind", "Source", "cell_from_text", "normal_body", "settings", "source_from_cell", "where_label"]

_DIGESTS_MAX = 4096
_CELL = re.compile(r"\s*%%(?P<kind>[a-z]+)(?:[ \t]+(?P<line>[^\n]*))?(?:\n(?P<body>.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """Hold the source of one declaration.

    Two sources are equal when they declare the same, wherever they stand: `origin` and `first_line` do not count.

    Args:
        kind: Kind of the cell.
        name: Name of what is declared; dotted for a module among files.
        body: Python with `$` already translated (or SQL), ended by one newline, empty when there is nothing.
        options: Pairs from the magic line, canonical.
        origin: How the place is shown: `service Inventory` for a cell, a relative path for a file.
        first_line: Line of the body's first line in its file; 1 for a cell.
        implicit: Whether names are given to the body, as in a cell; False for a file that imports what it needs.
    """

    kind: Kind
    name: str
    body: str
    options: Options = ()
    origin: str = field(default="", compare=False)
    first_line: int = field(default=1, compare=False)
    implicit: bool = True

    def __post_init__(self) -> None:
        if not self.origin:
            object.__setattr__(self, "origin", self.label)

    @property
    def label(self) -> str:
        """Return what records say for the place: `service Inventory`, alike for a cell and the file exported from it.

        A file written by hand goes by its path.
        """
        return self.origin if self.origin and not self.implicit else f"{self.kind} {self.name}"

    @property
    def header(self) -> str:
        """Return the canonical magic line, without `%%`."""
        return magic_line(self.kind, self.name, self.options)

    @property
    def is_sql(self) -> bool:
        """Tell whether the body is SQL, as an invariant's is unless it says `--python`."""
        return self.kind == "invariant" and self.implicit and ("python", True) not in self.options

    @property
    def digest(self) -> str:
        """Return the hexadecimal SHA-256 of kind, name, options and body."""
        return _digest(self)


def source_from_cell(kind: Kind, line: str, body: str) -> Source:
    """Make a source from a studio cell.

    Args:
        kind: The magic's name.
        line: Rest of the magic line.
        body: The cell below it, with `$` or already translated.

    Raises:
        StudioError: The line cannot be read (as `parse_line` says), or a `$` in the body is no address.
    """
    name, options = parse_line(kind, line)
    is_python = kind != "invariant" or ("python", True) in options
    if is_python:
        dollar.check(body, cell=f"{kind} {name}".rstrip())
        body = dollar.translate(body)
    return Source(kind=kind, name=name or _bound_name(body) or kind, body=normal_body(body), options=options)


def cell_from_text(text: str) -> Source | None:
    """Make a source from a whole notebook cell; None when it is not one of ours.

    Args:
        text: The cell, the magic line first; blank lines above it are skipped, as IPython does.

    Raises:
        StudioError: As `source_from_cell`.
    """
    found = _CELL.match(text)
    kind = next((kind for kind in KINDS if found and kind == found["kind"]), None)
    if found is None or kind is None:
        return None
    return source_from_cell(kind, found["line"] or "", found["body"] or "")


def settings(source: Source) -> Mapping[str, Value | None]:
    """Return every option of the source's kind with its value or default; None where the declared object decides."""
    given = dict(source.options)
    return {option.name: given.get(option.name, option.default) for option in KINDS[source.kind].options}


def where_label(source: Source, line: int | None) -> Where:
    """Name a place as records do: by declaration and line in the body, alike for a cell and its exported file."""
    return Where(source.label, line)


def normal_body(body: str) -> str:
    """Return a body with Unix line ends, exactly one of them at its end, or none when it is empty."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    return f"{lines}\n" if lines else ""


def _bound_name(body: str) -> str:
    """Return the first name a body binds on its own lines: what an unnamed composition goes by."""
    try:
        statements = ast.parse(body).body
    except (SyntaxError, ValueError):
        return ""
    targets = (target for one in statements if isinstance(one, ast.Assign) for target in one.targets)
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")


@functools.lru_cache(maxsize=_DIGESTS_MAX)
def _digest(source: Source) -> str:
    options = [[name, _plain(value)] for name, value in source.options]
    content = json.dumps([source.kind, source.name, options, source.body], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(value: Value) -> str | int:
    return address.display(value) if isinstance(value, Address) else value
