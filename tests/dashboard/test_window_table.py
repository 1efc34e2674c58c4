"""The table of any length: only the rows on screen are fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.dashboard.pieces.window_table import Column, Window, WindowTable


class Rows:
    """A million rows, and what was asked of them."""

    def __init__(self, total: int = 1_000_000) -> None:
        self.total, self.asked = total, list[Window]()

    def fetch(self, window: Window) -> Iterable[Mapping[str, Any]]:
        self.asked.append(window)
        return [{"id": at, "status": "failed"} for at in range(window.offset, window.offset + window.limit)]


def table_of(rows: Rows, **params: Any) -> WindowTable:
    columns = (Column("id", "Id", align="right"), Column("status", "Status", sortable=False, mark=lambda _: "error"))
    return WindowTable(columns, rows.fetch, lambda: rows.total, key="id", label="Rows", **params)


def test_only_a_window_is_fetched() -> None:
    rows = Rows()
    table = table_of(rows)
    table.reload()
    assert (table.total, len(table.rows)) == (1_000_000, 60)
    assert table.rows[0][:3] == ["0", ["0", "failed"], ["", "error"]]


def test_a_browser_that_asks_for_too_much_gets_a_bounded_window() -> None:
    rows = Rows()
    table_of(rows).receive({"kind": "window", "offset": 500, "limit": 10**9})
    assert rows.asked == [Window(500, 400, "", descending=False)]


def test_sorting_begins_at_the_first_row_again_and_only_by_columns_that_sort() -> None:
    rows = Rows()
    table = table_of(rows)
    table.receive({"kind": "window", "offset": 500, "limit": 90})
    table.receive({"kind": "sort", "name": "status", "descending": True})
    table.receive({"kind": "sort", "name": "id", "descending": True})
    assert rows.asked[1:] == [Window(0, 90, "id", descending=True)]


def test_a_window_past_the_end_moves_back_when_rows_are_gone() -> None:
    rows = Rows()
    table = table_of(rows)
    table.receive({"kind": "window", "offset": 500, "limit": 90})
    rows.total = 100
    table.reload()
    assert rows.asked[-1] == Window(10, 90, "", descending=False)


def test_without_rows_nothing_is_fetched() -> None:
    rows = Rows(0)
    table = table_of(rows)
    table.reload()
    assert (rows.asked, table.rows) == ([], [])


def test_a_chosen_row_is_marked_and_told() -> None:
    told: list[str] = []
    table = table_of(Rows(), choose=told.append)
    table.receive({"kind": "choose", "key": "7"})
    assert (told, table.chosen) == (["7"], "7")
