"""A table of any length of which only the rows on screen are fetched, sorted where the data is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import param
from panel.custom import JSComponent

__all__ = ["Column", "Mark", "Window", "WindowTable"]

Mark = Literal["", "ok", "warning", "error", "info", "muted"]

_ROWS_MAX = 400


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Of the value in a fetched row, and what `Window.sort` says.
        title: On top.
        width: In pixels; 0 shares what is left.
        align: Numbers and times stand at the right.
        sortable: Whether a click on the title sorts.
        show: Makes text of the value; by default None is empty.
        mark: Makes the cell's mark of the value: a colour with a sign before the text, never colour alone.
        code: Whether it is an identifier, in the font of code.
        share: How much of the cell a bar behind the text fills, from 0 to 1.
        rare: How little is lost without it: in a narrow window the columns with the greatest go first; 0 always stays.
    """

    name: str
    title: str
    width: int = 0
    align: Literal["left", "right"] = "left"
    sortable: bool = True
    show: Callable[[Any], str] = lambda value: "" if value is None else str(value)
    mark: Callable[[Any], Mark] | None = None
    code: bool = False
    share: Callable[[Any], float] | None = None
    rare: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that are wanted.

    Attributes:
        offset: First row, from 0.
        limit: How many.
        sort: Name of the column; empty for the natural order.
        descending: Whether the greatest comes first.
    """

    offset: int
    limit: int
    sort: str
    descending: bool


class WindowTable(JSComponent):
    """A table that scrolls over any number of rows and sorts by column; arrow keys move, Enter opens.

    Args:
        columns: From left to right.
        fetch: Returns the rows of a window, as mappings; a Polars frame's `iter_rows(named=True)` does.
        count: Returns how many rows there are.
        key: Name of the value that names a row; it need not be a column.
        label: What the table holds, for screen readers.
        empty: What to say when there are no rows: what to do.
        sort: Column by which it is sorted first.
        descending: Whether the greatest comes first.
        choose: Called with the key of the row that was clicked or entered.
        params: Panel's own, such as `height`.
    """

    head: list[dict[str, Any]] = param.List(default=[], doc="Columns as the browser needs them.")
    rows: list[list[Any]] = param.List(default=[], doc="Of the rows in the window: key, cells, marks, shares, place.")
    total: int = param.Integer(default=0, doc="All rows.")
    offset: int = param.Integer(default=0, doc="Of the first row that is here.")
    sort: str = param.String(default="", doc="Column.")
    descending: bool = param.Boolean(default=False, doc="Greatest first.")
    chosen: str = param.String(default="", doc="Key of the row that is marked.")
    reveal: int = param.Integer(default=-1, doc="Place of a row that is to be scrolled to; -1 for none.")
    label: str = param.String(default="", doc="What the table holds.")
    empty: str = param.String(default="", doc="What to say without rows.")

    _esm = Path(__file__).with_name("window_table.js")
    _stylesheets: ClassVar[list[str]] = [Path(__file__).with_name("window_table.css").read_text()]

    def __init__(
        self,
        columns: Sequence[Column],
        fetch: Callable[[Window], Iterable[Mapping[str, Any]]],
        count: Callable[[], int],
        *,
        key: str,
        choose: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        self._columns, self._fetch, self._count, self._key = tuple(columns), fetch, count, key
        self._choose = choose
        self.on_sort: Callable[[str, bool], None] | None = None
        """Called with the column and the way that a reader chose, instead of sorting at once."""
        self._window = (0, 60)
        self._held = ""  # key of the row that is read: it stays on screen, however many come before it
        params.setdefault("sizing_mode", "stretch_both")
        super().__init__(head=[_head(column) for column in columns], **params)  # type: ignore[no-untyped-call]  # Panel says nothing of it

    def reload(self) -> None:
        """Ask again for what is on screen: after a filter has changed, or new rows have come."""
        total = self._count()
        offset, limit = self._window
        grown = total - self.total
        if self._held and grown > 0 and not self._has_held(offset, limit) and self._has_held(offset + grown, limit):
            offset += grown
        offset = max(0, min(offset, total - limit))
        self._fill(offset, limit, total)

    def rewind(self) -> None:
        """Ask again from the first row on."""
        self._window = (0, self._window[1])
        self._send_msg({"kind": "rewind"})
        self.reload()

    def is_sortable(self, name: str) -> bool:
        """Tell whether there is a column of this name by which the rows can be sorted."""
        return any(column.name == name and column.sortable for column in self._columns)

    def _sort(self, name: str, *, descending: bool) -> None:
        if self.on_sort is not None:
            self.on_sort(name, descending)
            return
        self.param.update(sort=name, descending=descending)
        self.rewind()

    @property
    def window(self) -> Window:
        """What is on screen, for exports of the same order."""
        return Window(*self._window, self.sort, self.descending)

    def _has_held(self, offset: int, limit: int) -> bool:
        found = self._fetch(Window(offset, limit, self.sort, self.descending))
        return any(str(each[self._key]) == self._held for each in found)

    def _fill(self, offset: int, limit: int, total: int) -> None:
        self._window = (offset, limit)
        found = self._fetch(Window(offset, limit, self.sort, self.descending)) if total else ()
        rows = [self._row(each, at) for at, each in enumerate(found, offset)]
        self.param.update(rows=rows, offset=offset, total=total)

    def _row(self, values: Mapping[str, Any], at: int) -> list[Any]:
        cells = [column.show(values.get(column.name)) for column in self._columns]
        marks = [column.mark(values.get(column.name)) if column.mark else "" for column in self._columns]
        shares = [column.share(values.get(column.name)) if column.share else 0 for column in self._columns]
        return [str(values[self._key]), cells, marks, shares, at]

    def _handle_msg(self, data: Any) -> None:
        self.receive(data)

    def receive(self, data: Any) -> None:
        """Do what a message of the browser asks for: another window, another order, a row that was chosen."""
        match data:
            case {"kind": "window", "offset": int(offset), "limit": int(limit)}:
                self._fill(max(0, offset), max(1, min(limit, _ROWS_MAX)), self._count())
            case {"kind": "sort", "name": str(name), "descending": bool(descending)}:
                if self.is_sortable(name):
                    self._sort(name, descending=descending)
            case {"kind": "hold", "key": str(key)}:
                self._held = key
            case {"kind": "choose", "key": str(key)}:
                self.chosen = key
                if self._choose is not None:
                    self._choose(key)


def _head(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "width": column.width,
        "align": column.align,
        "sortable": column.sortable,
        "code": column.code,
        "rare": column.rare,
    }
