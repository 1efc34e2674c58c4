"""A list in a cell that fetches the rows on screen: pages, a search, one row chosen, all by keyboard too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["Page", "Row", "RowList"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        key: What is chosen with it.
        cells: In the order of the columns.
        mark: How it stands: `bad`, `warn`, or empty; the cells say it in words.
    """

    key: str
    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What is on screen.

    Attributes:
        rows: Of the window.
        total: How many rows there are in all.
    """

    rows: Sequence[Row]
    total: int


class RowList(anywidget.AnyWidget):
    """A list of which a window is shown.

    Args:
        label: What the rows are.
        columns: Their titles.
        fetch: Returns a page for a search's text, an offset and a number of rows.
        limit: Rows on screen.
    """

    _esm = Path(__file__).with_name("row_list.js")

    label = traitlets.Unicode("").tag(sync=True)
    columns: Any = traitlets.List().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    offset = traitlets.Int(0).tag(sync=True)
    limit = traitlets.Int(10).tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, label: str, columns: Sequence[str], fetch: Callable[[str, int, int], Page], *, limit: int = 10,
        empty: str = "",
    ) -> None:  # fmt: skip
        self._fetch = fetch
        super().__init__(label=label, columns=list(columns), limit=limit, empty=empty)
        self.observe(lambda _: self.fill(), names=["offset"])
        self.observe(lambda _: self.search(), names=["text"])
        self.fill()

    def search(self) -> None:
        """Show the first rows again, of what is looked for now."""
        if self.offset:
            self.offset = 0
        else:
            self.fill()

    def fill(self) -> None:
        """Fetch the rows on screen."""
        page = self._fetch(self.text, self.offset, self.limit)
        with self.hold_sync():
            self.total = page.total
            self.rows = [{"key": row.key, "cells": list(row.cells), "mark": row.mark} for row in page.rows]

    def __repr__(self) -> str:
        return f"{self.label}: {self.total:,}"
