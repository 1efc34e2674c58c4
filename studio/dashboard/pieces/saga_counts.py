"""Show how many saga instances were in which state over virtual time: as a picture, as numbers, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.export_bar import picture_exports
from studio.dashboard.pieces.facts import marked, table
from studio.dashboard.pieces.markup import Markup, act, png
from studio.dashboard.pieces.state_area import state_area, state_picture
from studio.dashboard.pieces.taken_picture import corner_of, theme_of
from studio.dashboard.view import Export
from studio.observe.axis import instant
from studio.store.windows.buckets import Buckets, curves
from studio.store.windows.sagas_window import STATES, saga_counts

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk

__all__ = ["SagaCounts"]

_TABLE_ROWS = 12
_FAIR = "completed"  # in a good run nearly all are: drawn with the others, they would press these flat


class SagaCounts:
    """The strip above the list.

    Args:
        desk: Names the run and the stretch of time.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._saga = ""
        acts = {"table": lambda _: self._turn(), "state": lambda value: desk.go(status=value)}
        self.body = Markup(desk, acts, margin=(0, 8, 6, 8), label="Saga instances by state over time")
        self._totals: Mapping[str, int] = {}
        self.picture = ""

    def refresh(self, saga: str, totals: Mapping[str, int]) -> None:
        """Show the counts as they are now.

        Args:
            saga: Name of the saga; empty for all.
            totals: State to how many of those that are listed are in it.
        """
        self._saga = saga
        starts, until_ns, found = self._curves()
        named = [*found, *(state for state in totals if state not in found)]
        self._totals = {state: totals.get(state, 0) for state in named}
        told = "; ".join(f"{state}: {values[-1] or 0:g}" for state, values in found.items())
        told = f"Saga instances by state over time; at the end {told}"
        self.picture = state_area(starts, until_ns, _drawn(found), told=told)
        shown = self._table(starts, found) if self._is_table else self.picture
        self.body.picture = self._taken().decode()
        self.body.html = self._head() + (shown if found else "")

    def exports(self) -> Sequence[Export]:
        """Return the picture and its numbers."""
        if not self.picture:
            return ()
        buckets = self._buckets()
        return (
            *picture_exports("States over time", "saga-states", self._taken),
            *bulk_exports(
                "States over time",
                "saga-states",
                lambda: iter([saga_counts(self._desk.view, buckets, saga=self._saga)]),
            ),
        )

    def _taken(self) -> bytes:
        buckets = self._buckets()
        title = f"Instances of {self._saga} by state" if self._saga else "Saga instances by state"
        corner = corner_of(self._desk, buckets.from_ns, buckets.until_ns)
        return state_picture(self.picture, self._totals, title=title, corner=corner, theme=theme_of(self._desk))

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _buckets(self) -> Buckets:
        first, now_ns = self._desk.span_ns
        from_ns, until_ns = self._desk.from_ns, self._desk.until_ns
        return Buckets.of(first if from_ns is None else from_ns, now_ns if until_ns is None else until_ns)

    def _curves(self) -> tuple[list[int], int, dict[str, list[float | None]]]:
        buckets = self._buckets()
        frame = saga_counts(self._desk.view, buckets, saga=self._saga)
        found = curves(frame, buckets, carried=True)
        order = [*STATES, *sorted(found.keys() - set(STATES))]
        return buckets.starts, buckets.until_ns, {state: found[state] for state in order if state in found}

    def _head(self) -> str:
        totals = [
            f'<button type="button" class="plain" data-act="state" data-value="{escape(state)}" '
            f'title="List only these"><i class="swatch {escape(state)}"></i> {marked(state)} {count:,}</button>'
            for state, count in self._totals.items()
        ]
        if len(self._totals) > 1 and _FAIR in self._totals and not self._is_table:
            totals.append(f'<span class="soft">The picture leaves out what is {_FAIR}.</span>')
        turn = act("table", "Show as picture" if self._is_table else "Show as table") if totals else ""
        return f'<div class="head totals">{"".join(totals)}<span class="grow"></span>{png("saga-states")}{turn}</div>'

    def _table(self, starts: Sequence[int], found: Mapping[str, Sequence[float | None]]) -> str:
        """Return a dozen instants evenly spread, the last one among them."""
        places = sorted({round(at * (len(starts) - 1) / (_TABLE_ROWS - 1)) for at in range(_TABLE_ROWS)})
        rows = [(instant(starts[place]), *(f"{values[place] or 0:g}" for values in found.values())) for place in places]
        return table(("Virtual time", *found), rows, label="Saga instances by state over time")

    @property
    def _is_table(self) -> bool:
        return self._desk.table == "states"

    def _turn(self) -> None:
        self._desk.go(table="" if self._is_table else "states")


def _drawn(found: Mapping[str, Sequence[float | None]]) -> dict[str, Sequence[float | None]]:
    """Return what the picture shows: all states but the one that says nothing, unless it is the only one."""
    return {state: values for state, values in found.items() if state != _FAIR or len(found) == 1}
