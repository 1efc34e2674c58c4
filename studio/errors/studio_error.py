"""What every error of ours has: a stable code, typed attributes, the place in the author's code, and a remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["StudioError", "Where", "in_words", "nearest"]


@dataclass(frozen=True, slots=True)
class Where:
    """Name a place in an author's code: the cell (or file) and the line in its body, counted from 1.

    Args:
        cell: Such as `service Inventory` or `shop/services/inventory.py`.
        line: Line in the cell's body; None when the whole cell is meant.
    """

    cell: str
    line: int | None = None

    def __str__(self) -> str:
        return self.cell if self.line is None else f"{self.cell}, line {self.line}"


class StudioError(Exception):
    """Base of all our errors.

    A subclass states `code`, `problem` (a format string over its attributes) and `remedy` (likewise, an imperative),
    and annotates its attributes. All are given by keyword, so an error survives pickling between worker processes.

    Args:
        where: The author's cell and line, where known.
        attributes: What the subclass's `problem` and `remedy` name.
    """

    code: ClassVar[str] = "STU000"
    problem: ClassVar[str] = "{detail}"
    remedy: ClassVar[str] = ""

    where: Where | None

    def __init__(self, *, where: Where | None = None, **attributes: Any) -> None:
        self.where = where
        self.attributes = attributes
        self.__dict__.update(attributes)
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """Say what was wrong, where, and what to do, in that order, on up to three lines."""
        lines = [f"{self.code}: {self.problem.format(**self.attributes)}"]
        if self.where is not None:
            lines.append(f"  in {self.where}")
        if self.remedy:
            lines.append(f"  {self.remedy.format(**self.attributes)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.where, self.attributes)


def _rebuild(kind: type[StudioError], where: Where | None, attributes: dict[str, Any]) -> StudioError:
    return kind(where=where, **attributes)


def in_words(code: str) -> str:
    """Return what an error is, for people: `call timeout` for `STU410`; anything but a code of ours as it is."""
    for kind in _kinds(StudioError):
        if kind.code == code:
            return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
    return code


def _kinds(kind: type[StudioError]) -> Iterator[type[StudioError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def nearest(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Return the known names closest to `name`, ready for a remedy, or all of a short list when none is close.

    Args:
        name: What the author wrote.
        known: What exists.
        limit: How many to name at most.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=limit, cutoff=0.5) or names[:limit]
    return ", ".join(close) if close else "none are declared yet"
