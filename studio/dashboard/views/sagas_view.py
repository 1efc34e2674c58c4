"""Show the sagas of a run: how many were in which state when, a list with the stuck on top, one of them closely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.facts import error_words, mark_of
from studio.dashboard.pieces.filter_bar import FilterBar, chosen, of_desk, of_text
from studio.dashboard.pieces.halves import Halves
from studio.dashboard.pieces.opened_saga import OpenedSaga
from studio.dashboard.pieces.saga_counts import SagaCounts
from studio.dashboard.pieces.sorting import Sorting
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.pieces.window_table import Column, Window, WindowTable
from studio.dashboard.view import Export, View
from studio.observe.axis import duration, instant
from studio.store.windows.sagas_window import STATES, SagaFilter, all_sagas, count_sagas, list_sagas, saga_totals

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from studio.dashboard.desk import Desk

__all__ = ["SagasView"]

_COLUMNS = (
    Column("state", "State", width=118, mark=mark_of),
    Column("saga", "Instance", width=224, sortable=False, code=True),
    Column("version", "Version", width=68, sortable=False, rare=2),
    Column("step", "Latest mark", sortable=False),
    Column("reason", "Reason", sortable=False, show=error_words),
    Column("attempts", "Tries", width=48, align="right", sortable=False),
    Column("started_ns", "Started", width=124, align="right", show=instant),
    Column("changed_ns", "Changed", width=124, align="right", show=instant, rare=1),
    Column("duration_ns", "Took", width=92, align="right", show=duration),
)


class SagasView(View):
    """The tab Sagas."""

    name = "sagas"
    title = "Sagas"
    needs = (*View.needs, "status", "text", "sort", "table")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: tuple[Any, ...] | None = None
        self.filters = FilterBar(
            desk,
            (
                of_text(desk, "Search", hint="keys, reasons, steps, results", width=260),
                of_desk(desk, "status", "State", choices=lambda: STATES, width=130),
                of_desk(desk, "saga", "Saga", choices=lambda: desk.view.names("sagas", "name"), width=200),
                of_desk(desk, "service", "Service", choices=lambda: desk.view.names("spans", "service"), width=150),
            ),
        )
        self.counts = SagaCounts(desk)
        self.table = WindowTable(
            _COLUMNS,
            self._fetch,
            lambda: count_sagas(desk.view, self.wanted),
            key="saga",
            choose=lambda key: desk.go(saga=key),
            sort="state",
            label="Saga instances",
            empty="No saga instance fits. Take a filter back, or send the event that starts a saga.",
        )
        self._sorting = Sorting(desk, "sagas", self.table)
        self.opened = OpenedSaga(desk)
        self._halves = Halves([self.filters.row, self.counts.body], self.table, self.opened.body)

    def body(self) -> Viewable:
        """Return the filters, the counts, the list, and what is opened in it."""
        return self._halves.body

    def refresh(self) -> None:
        """Ask again for what is on screen."""
        with self.desk.view.burst():
            self.filters.show()
            shown, before = (self.desk.shown_run, self.wanted), self._shown
            self._shown = shown
            self.counts.refresh(self.wanted.saga, saga_totals(self.desk.view, self.wanted))
            is_turned = self._sorting.take()
            if before is not None and (is_turned or before != shown):
                self.table.rewind()
            else:
                self.table.reload()
            instance = self.desk.saga if "/" in self.desk.saga else ""
            self.table.chosen = instance
            self._halves.show(is_open=bool(instance))
            self.opened.refresh(instance)

    @property
    def wanted(self) -> SagaFilter:
        """Which instances are listed; that one of them is open does not hide the others of its saga."""
        desk = self.desk
        return SagaFilter(
            saga=desk.saga.partition("/")[0],
            state=chosen(desk.status, STATES),
            text=Terms.of(desk.text).text,
            service=desk.service,
            from_ns=desk.from_ns,
            until_ns=desk.until_ns,
        )

    def exports(self) -> Sequence[Export]:
        """Return all instances that fit, the counts, and the picture of the open one."""
        return (
            *bulk_exports("Sagas", "sagas", lambda: all_sagas(self.desk.view, self.wanted)),
            *self.counts.exports(),
            *self.opened.exports(),
        )

    def _fetch(self, window: Window) -> Iterable[Mapping[str, Any]]:
        found = list_sagas(
            self.desk.view,
            self.wanted,
            order=window.sort or "state",
            descending=window.descending,
            offset=window.offset,
            limit=window.limit,
        )
        return [{**row, "step": _mark(row)} for row in found.iter_rows(named=True)]


def _mark(row: Mapping[str, Any]) -> str:
    return f"{row['step']}: {row['phase']}" if row["step"] else ""
