"""Write a source as the file that export makes of it, and read such a file back.

A Python body gets a header line, the imports it needs, the object bound for it, and a mark; below the mark it stands
unchanged. An SQL invariant is written as SQL, with its header and mark in SQL comments, so that SQL tools can read it.
"""

from __future__ import annotations

import json
import re

from studio.errors import UnreadableFile, Where
from studio.source.cell import Source, normal_body
from studio.source.options import KINDS, Value, cell_kind, parse_line

__all__ = ["binding", "is_exported", "read_exported", "render", "suffix"]

_HEADER = re.compile(r"(?:#|--) studio: *(?P<kind>[^ \n]*)(?P<line>[^\n]*)")
_MARKS = ("# ---", "-- ---")


def render(source: Source, *, imports: str = "") -> str:
    """Return the text of the file for a source that was a cell.

    Args:
        source: The source, with implicit names.
        imports: Import statements that give those names; none by default and for SQL.

    Returns:
        Text that `read_exported` reads as an equal source. The same source and imports give the same text.
    """
    assert source.implicit, source.label
    if source.is_sql:
        return f"-- studio: {source.header}\n-- ---\n{source.body}"
    assert not any(line in _MARKS for line in imports.split("\n")), imports
    blocks = [block for block in (imports.strip("\n"), binding(source)) if block]
    head = "\n\n".join(blocks)
    return (
        f"# studio: {source.header}\n{head}\n# ---\n{source.body}"
        if head
        else f"# studio: {source.header}\n# ---\n{source.body}"
    )


def binding(source: Source) -> str:
    """Return the line that makes the object bound for the body: `service = Service("Inventory")`; or nothing."""
    declared = KINDS[source.kind]
    if not declared.bound:
        return ""
    if source.kind == "invariant":  # in Python it is a decorator, as it is in the cell
        mode = "eventually" if ("eventually", True) in source.options else "always"
        return f"{declared.bound} = {declared.bound}(mode={_literal(mode)})"
    keywords = (f"{name}={_literal(value)}" for name, value in source.options)
    return f"{declared.bound} = {declared.declares}({', '.join((_literal(source.name), *keywords))})"


def suffix(source: Source) -> str:
    """Return the suffix that the source's file has."""
    return ".sql" if source.is_sql else ".py"


def is_exported(text: str) -> bool:
    """Tell whether a file's text begins with the header that `render` writes."""
    return _HEADER.match(text) is not None


def read_exported(text: str, *, origin: str) -> Source:
    """Read what `render` wrote.

    Args:
        text: The file's text.
        origin: How to show the file.

    Raises:
        UnreadableFile: There is no header, or no mark below it.
        UnknownCellKind: The header names no kind.
        StudioError: The header's options cannot be read, as `parse_line` says.
    """
    found = _HEADER.match(text)
    lines = text.split("\n")
    mark = next((index for index, line in enumerate(lines) if line.rstrip() in _MARKS), None)
    if found is None or mark is None:
        missing = "`# studio:` header" if found is None else "`# ---` line above the body"
        raise UnreadableFile(file=origin, reason=f"it has no {missing}")
    where = Where(origin, 1)
    kind = cell_kind(found["kind"], where=where).kind
    name, options = parse_line(kind, found["line"], where=where)
    body = normal_body("\n".join(lines[mark + 1 :]))
    return Source(kind, name or kind, body, options, origin=origin, first_line=mark + 2)


def _literal(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
