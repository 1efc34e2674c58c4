"""Read a notebook file: its studio cells as sources, the code of its other cells as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import UnreadableNotebook
from studio.source.cell import Kind, Source, cell_from_text

__all__ = ["Notebook", "latest", "parse_notebook", "read_notebook"]


@dataclass(frozen=True, slots=True)
class Notebook:
    """Hold a notebook's code.

    Args:
        sources: The studio cells, in order; a name may come twice.
        ordinary: The other code cells: number of the cell in the notebook, from 1, and its text as written.
    """

    sources: tuple[Source, ...]
    ordinary: tuple[tuple[int, str], ...]


def read_notebook(path: Path | str) -> Notebook:
    """Read an `.ipynb` file.

    Args:
        path: The file, of notebook format 4.

    Raises:
        UnreadableNotebook: It is not there, or not of that form.
        StudioError: A studio cell's line or a `$` in its body cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableNotebook(file=path.name, reason=error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise UnreadableNotebook(file=path.name, reason="it is not UTF-8") from error
    return parse_notebook(text, file=path.name)


def parse_notebook(text: str, *, file: str) -> Notebook:
    """Read a notebook's JSON.

    Args:
        text: The JSON.
        file: How to show the notebook in errors.

    Raises:
        UnreadableNotebook: It is not of notebook format 4.
        StudioError: A studio cell's line or a `$` in its body cannot be read.
    """
    sources: list[Source] = []
    ordinary: list[tuple[int, str]] = []
    for number, code in _code_cells(text, file):
        source = cell_from_text(code)
        if source is None:
            ordinary.append((number, code))
        else:
            sources.append(source)
    return Notebook(tuple(sources), tuple(ordinary))


def latest(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return what is declared once all cells have run: a later source takes the place of an earlier of its name."""
    found: dict[tuple[Kind, str], Source] = {}
    for source in sources:
        found[source.kind, source.name] = source
    return tuple(found.values())


def _code_cells(text: str, file: str) -> Iterator[tuple[int, str]]:
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(file=file, reason="it is not JSON") from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise UnreadableNotebook(file=file, reason="it has no list of cells")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            raise UnreadableNotebook(file=file, reason=f"cell {number} is no object")
        if cell.get("cell_type") == "code":
            yield number, _joined(cell.get("source"), number, file)


def _joined(source: Any, number: int, file: str) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise UnreadableNotebook(file=file, reason=f"cell {number} has no text")
