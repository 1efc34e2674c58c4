"""Throughput and errors of two runs over one axis of virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import panel as pn

from studio.dashboard.pieces.chart_grid import chart_grid
from studio.dashboard.pieces.chart_picture import picture_of
from studio.dashboard.pieces.curve_chart import CurveChart, Curves
from studio.dashboard.pieces.export_bar import frame_exports, picture_exports
from studio.dashboard.pieces.taken_picture import corner_of
from studio.dashboard.pieces.time_board import TimeBoard
from studio.dashboard.view import Export
from studio.store.windows.buckets import Buckets, curves
from studio.store.windows.metrics_window import troubles, work_done

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk
    from studio.store.windows.run_view import RunView

__all__ = ["SideCurves", "rate"]


class SideCurves:
    """Two charts, each with a curve of each run.

    Args:
        desk: Whose stretch of time they show, and whose theme.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._theme = desk, ""
        self._runs: tuple[str, ...] = ()
        self.body = pn.Column(sizing_mode="stretch_width", margin=(0, 8))

    def show(self, first: RunView, second: RunView) -> None:
        """Show the curves of two runs."""
        if self._theme != self._desk.theme:
            self._build()
        end_ns = max(first.span_ns[1], second.span_ns[1]) + 1
        until_ns = end_ns if self._desk.until_ns is None else self._desk.until_ns
        buckets = Buckets.of(self._desk.from_ns or 0, until_ns, most=160)
        self._runs = tuple(f"run {view.run}, seed {view.row.info.seed}" for view in (first, second))
        self.board.place(buckets.from_ns, buckets.until_ns)
        self.work.show(_rates([(view, work_done(view, buckets)) for view in (first, second)], buckets))
        self.errors.show(_rates([(view, troubles(view, buckets)) for view in (first, second)], buckets))

    def exports(self, name: str) -> Sequence[Export]:
        """Return the curves as a picture and as a table.

        Args:
            name: Of the files.
        """
        if not self._theme:
            return ()
        each = [
            exported
            for chart in (self.work, self.errors)
            if not chart.curves.is_empty
            for exported in picture_exports(
                chart.title, f"{name}-{chart.title.lower()}", partial(self._picture, (chart,))
            )
        ]
        both = picture_exports("Curves", f"{name}-curves", lambda: self._picture((self.work, self.errors)))
        return (*both, *frame_exports("Curves", f"{name}-curves", self._frame), *each)

    def _frame(self) -> pl.DataFrame:
        import polars as pl

        rows = [
            (chart.title, chart.unit, series, start, start / 1e9, value)
            for chart in (self.work, self.errors)
            for series, values in chart.curves.values.items()
            for start, value in zip(chart.curves.starts, values, strict=True)
        ]
        kinds = {"chart": pl.String, "unit": pl.String, "series": pl.String, "at_ns": pl.Int64, "at_s": pl.Float64,
                 "value": pl.Float64}  # fmt: skip
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def _picture(self, charts: Sequence[CurveChart]) -> bytes:
        from_ns, until_ns = self.board.stretch
        corner = corner_of(self._desk, from_ns, until_ns - 1)
        title = " against ".join(self._runs).capitalize()
        return picture_of(charts, (), title=title, corner=corner, theme=self.board.theme)

    def _build(self) -> None:
        self._theme = self._desk.theme
        self.board = TimeBoard(self._desk.theme, lambda start, end: self._desk.go(from_ns=start, until_ns=end))
        self.work = CurveChart(self.board, "Throughput", "messages handled per second")
        self.errors = CurveChart(self.board, "Errors", "per second", advice="Nothing went wrong in either run.")
        self.body[:] = [chart_grid(self.work.body, self.errors.body)]


def _name(view: RunView) -> str:
    return f"run {view.run}"


def _rates(frames: Sequence[tuple[RunView, pl.DataFrame]], buckets: Buckets) -> Curves:
    """Return one curve of all series of each run, per second."""
    found = {_name(view): rate(frame, buckets, view.span_ns[1] + 1) for view, frame in frames}
    return Curves(buckets.starts, found if any(any(values) for values in found.values()) else {})


def rate(frame: pl.DataFrame, buckets: Buckets, end_ns: int) -> list[float | None]:
    """Return all series of a run as one, per second, as far as it goes: after its end it has no rate, not one of 0.

    Args:
        frame: Counts, as `curves` takes them.
        buckets: Of the window that is shown.
        end_ns: Of the run.
    """
    own = replace(buckets, until_ns=max(buckets.from_ns + 1, min(buckets.until_ns, end_ns)))
    parts = curves(frame, own).values()
    counts = [sum(value or 0.0 for value in column) for column in zip(*parts, strict=True)] or [0.0] * len(own.starts)
    return [*own.per_second(counts), *[None] * (len(buckets.starts) - len(own.starts))]
