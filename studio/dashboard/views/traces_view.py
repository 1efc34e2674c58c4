"""Show the traces of a run: a list with filters, and one of them as a waterfall with all that is known of a span."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.filter_bar import FilterBar, chosen, of_desk, of_term, of_text
from studio.dashboard.pieces.halves import Halves
from studio.dashboard.pieces.opened_trace import OpenedTrace
from studio.dashboard.pieces.sorting import Sorting
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.pieces.trace_columns import trace_columns
from studio.dashboard.pieces.window_table import Window, WindowTable
from studio.dashboard.view import Export, View
from studio.errors import InvalidDuration
from studio.model.duration import duration_ns
from studio.store.windows.traces_window import (
    STATUSES,
    TraceFilter,
    all_traces,
    count_traces,
    list_traces,
    place_of_trace,
)

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from studio.dashboard.desk import Desk

__all__ = ["TracesView"]

_SORTABLE = ("start_ns", "duration_ns", "spans", "troubled", "faults", "statuses")


class TracesView(View):
    """The tab Traces."""

    name = "traces"
    title = "Traces"
    needs = (*View.needs, "status", "text", "sort", "trace", "span", "zoom", "fold")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._longest_ns = 1
        self._shown: TraceFilter | None = None
        self.filters = FilterBar(
            desk,
            (
                of_text(desk, "Search", hint="names, keys, contents, errors, logs", width=260),
                of_desk(desk, "status", "Status", choices=lambda: ("ok", *STATUSES), width=110),
                of_desk(desk, "service", "Service", choices=lambda: desk.view.names("spans", "service"), width=150),
                of_desk(desk, "address", "Address", hint="Order.*", width=150),
                of_desk(desk, "saga", "Saga", hint="name or instance", width=150),
                of_term(desk, "longer", "At least", hint="100ms", width=80),
                of_term(desk, "shorter", "At most", hint="5s", width=80),
            ),
        )
        self.table = WindowTable(
            trace_columns(lambda: self._longest_ns),
            self._fetch,
            self._count,
            key="trace",
            choose=lambda key: desk.go(trace=int(key), span=None),
            sort="start_ns",
            descending=True,
            label="Traces",
            empty="No trace fits. Take a filter back, or let time pass: a trace begins with a message from outside.",
        )
        self._sorting = Sorting(desk, "traces", self.table)
        self.opened = OpenedTrace(desk, self._beside)
        self._halves = Halves([self.filters.row], self.table, self.opened.body)

    def body(self) -> Viewable:
        """Return the filters, the list, and what is opened in it."""
        return self._halves.body

    def refresh(self) -> None:
        """Ask again for what is on screen."""
        with self.desk.view.burst():
            self.filters.show()
            wanted, before = self.wanted, self._shown
            self._shown = wanted
            is_turned = self._sorting.take()
            if before is not None and (is_turned or before != wanted):
                self.table.rewind()
            else:
                self.table.reload()
            trace = self.desk.trace
            self._mark(trace)
            self._halves.show(is_open=trace is not None)
            self.opened.refresh()

    @property
    def is_open(self) -> bool:
        """Whether a trace is shown below the list."""
        return self._halves.is_open

    @property
    def wanted(self) -> TraceFilter:
        """Which traces are listed."""
        desk, terms = self.desk, Terms.of(self.desk.text)
        return TraceFilter(
            service=desk.service,
            source=desk.source,
            address=desk.address,
            status=chosen(desk.status, ("ok", *STATUSES)),
            saga=desk.saga,
            text=terms.text,
            shortest_ns=self._limit_ns(terms.get("longer")),
            longest_ns=self._limit_ns(terms.get("shorter")),
            from_ns=desk.from_ns,
            until_ns=desk.until_ns,
        )

    def exports(self) -> Sequence[Export]:
        """Return all traces that fit, and the picture of the open one."""
        return (
            *bulk_exports("Traces", "traces", lambda: all_traces(self.desk.view, self.wanted)),
            *self.opened.exports(),
        )

    def _mark(self, trace: int | None) -> None:
        """Mark the opened trace in the list, and scroll to it when it is another one than before."""
        chosen = "" if trace is None else str(trace)
        if trace is not None and chosen != self.table.chosen:
            self.table.reveal = self._beside(trace)[0]
        self.table.chosen = chosen

    def _limit_ns(self, text: str) -> int | None:
        """Return a limit of duration; one that cannot be read is told, and limits nothing."""
        try:
            return duration_ns(text) if text else None
        except InvalidDuration as error:
            self.desk.tell(str(error), "warning", key="duration")
            return None

    def _count(self) -> int:
        return count_traces(self.desk.view, self.wanted)

    def _fetch(self, window: Window) -> Iterable[Mapping[str, Any]]:
        found = list_traces(
            self.desk.view,
            self.wanted,
            order=_order(window.sort),
            descending=window.descending,
            offset=window.offset,
            limit=window.limit,
        )
        self._longest_ns = max([1, *found["duration_ns"].to_list()])
        return found.to_dicts()

    def _beside(self, trace: int) -> tuple[int, int | None, int | None]:
        sort, descending = self.table.sort, self.table.descending
        return place_of_trace(self.desk.view, self.wanted, trace, order=_order(sort), descending=descending)


def _order(sort: str) -> Any:
    return {"statuses": "status", "": "start_ns"}.get(sort, sort)
