"""Throughput and errors of two runs over one axis of virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import panel as pn

from studio.dashboard.pieces.chart_grid import chart_grid
from studio.dashboard.pieces.chart_picture import picture_of
from studio.dashboard.pieces.curve_chart import CurveChart, Curves
from studio.dashboard.pieces.export_bar import frame_exports
from studio.dashboard.pieces.time_board import TimeBoard
from studio.dashboard.view import Export
from studio.store.windows.buckets import Buckets, curves
from studio.store.windows.metrics_window import troubles, work_done

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk
    from studio.store.windows.run_view import RunView

__all__ = ["SideCurves"]


class SideCurves:
    """Two charts, each with a curve of each run.

    Args:
        desk: Whose stretch of time they show, and whose theme.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._theme = desk, ""
        self.body = pn.Column(sizing_mode="stretch_width", margin=(0, 8))

    def show(self, first: RunView, second: RunView) -> None:
        """Show the curves of two runs."""
        if self._theme != self._desk.theme:
            self._build()
        end_ns = max(first.span_ns[1], second.span_ns[1]) + 1
        until_ns = end_ns if self._desk.until_ns is None else self._desk.until_ns
        buckets = Buckets.of(self._desk.from_ns or 0, until_ns, most=160)
        self.board.place(buckets.from_ns, buckets.until_ns)
        counted = [(_name(view), work_done(view, buckets), troubles(view, buckets)) for view in (first, second)]
        self.work.show(_rates([(name, work) for name, work, _ in counted], buckets))
        self.errors.show(_rates([(name, errors) for name, _, errors in counted], buckets))

    def exports(self) -> Sequence[Export]:
        """Return the curves as a table, and as a picture."""
        if not self._theme:
            return ()
        picture = Export("Curves, SVG", "svg", "compare-curves", self._picture)
        return (*frame_exports("Curves", "compare-curves", self._frame), picture)

    def _frame(self) -> pl.DataFrame:
        import polars as pl

        rows = [
            (chart.title, series, start, value)
            for chart in (self.work, self.errors)
            for series, values in chart.curves.values.items()
            for start, value in zip(chart.curves.starts, values, strict=True)
        ]
        kinds = {"chart": pl.String, "series": pl.String, "at_ns": pl.Int64, "value": pl.Float64}
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def _picture(self) -> bytes:
        corner = " and ".join(self.work.curves.values) or "two runs"
        return picture_of((self.work, self.errors), (), corner=corner, theme=self.board.theme)

    def _build(self) -> None:
        self._theme = self._desk.theme
        self.board = TimeBoard(self._desk.theme, lambda start, end: self._desk.go(from_ns=start, until_ns=end))
        self.work = CurveChart(self.board, "Throughput", "messages handled per second")
        self.errors = CurveChart(self.board, "Errors", "per second", advice="Nothing went wrong in either run.")
        self.body[:] = [chart_grid(self.work.body, self.errors.body)]


def _name(view: RunView) -> str:
    return f"run {view.run}"


def _rates(frames: Sequence[tuple[str, pl.DataFrame]], buckets: Buckets) -> Curves:
    """Return one curve of all series of each run, per second."""
    lengths = [buckets.covered_s(start) for start in buckets.starts]
    found: dict[str, list[float | None]] = {}
    for name, frame in frames:
        parts = curves(frame, buckets).values()
        sums = [sum(value or 0.0 for value in column) for column in zip(*parts, strict=True)] or [0.0] * len(lengths)
        found[name] = [total / length for total, length in zip(sums, lengths, strict=True)]
    return Curves(buckets.starts, found if any(any(values) for values in found.values()) else {})
