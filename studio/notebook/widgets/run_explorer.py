"""Explore a run in a cell: its traces with their waterfalls, its sagas, the system with its traffic.

Lists fetch the rows on screen; the waterfall and the graph are the dashboard's.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, Final

import ipywidgets

from studio.dashboard.components.graph_component import GraphWidget
from studio.dashboard.components.graph_stats import graph_stats
from studio.dashboard.components.waterfall_component import WaterfallWidget
from studio.dashboard.pieces.run_topology import run_topology
from studio.dashboard.pieces.scene_index import SceneIndex
from studio.dashboard.pieces.system_traffic import SystemTraffic
from studio.errors import StudioError, in_words
from studio.graph.drawing import Drawing
from studio.notebook.widgets.row_list import Page, Row, RowList
from studio.observe.axis import duration, instant
from studio.observe.waterfall import Waterfall
from studio.store.windows.sagas_window import SagaFilter, count_sagas, list_sagas
from studio.store.windows.trace_parts import trace_records
from studio.store.windows.traces_window import TraceFilter, count_traces, list_traces
from studio.store.windows.traffic_window import Interval

if TYPE_CHECKING:
    from studio.simulation.run import Run

__all__ = ["RunExplorer", "explore"]

_STYLE: Final = (
    "<style>.studio-explorer{border:1px solid var(--jp-border-color2,#d8dee4);border-radius:8px;padding:10px 14px;"
    "max-width:1040px;background:var(--jp-layout-color1,#fff)}"
    ".studio-explorer .widget-tab-contents,.studio-explorer .jupyter-widget-tab-contents{padding:8px 0 0;border:0}"
    ".studio-explorer .widget-html-content{line-height:20px;color:var(--jp-ui-font-color2,#5f6a75)}"
    ".studio-explorer .widget-html-content b{color:var(--jp-ui-font-color1,#24292f);font-size:15px;margin-right:8px}"
    "</style>"
)
_BAD: Final = frozenset({"crashed", "timeout", "error"})
_TROUBLED: Final = {
    "stuck": "bad", "failed": "warn", "compensated": "warn", "compensating": "warn", "abandoned": "warn",
}  # fmt: skip


class RunExplorer(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets says nothing of its types
    """Traces, sagas and the system of one run.

    Args:
        run: Which; of one that goes on, a list shows what stands when its rows are fetched.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._view = run, run.log.window()
        self._corner = f"{run.log.row.info.name} · run {run.number} · seed {run.seed}"
        self._service = ""
        self.traces = RowList(
            "Traces", ("Began at", "Trace", "Key", "Took", "Spans", "Faults", "Status"), self._trace_page,
            empty="No trace was recorded.",
        )  # fmt: skip
        self.sagas = RowList(
            "Sagas", ("Instance", "Began at", "Took", "Step", "State"), self._saga_page, empty="No saga ran."
        )
        self.waterfall, self.graph = WaterfallWidget(height_max=520), GraphWidget(height_max=460)
        self.note = ipywidgets.HTML()
        self.tabs = ipywidgets.Tab(
            children=(self.traces, self.sagas, self.graph), titles=("Traces", "Sagas", "System"), selected_index=0
        )
        super().__init__(children=(ipywidgets.HTML(self._heading()), self.tabs, self.note, self.waterfall))
        self.add_class("studio-explorer")
        self._wire()
        self._draw_graph()
        self._say("Choose a trace to see its waterfall.")

    def __repr__(self) -> str:
        return f"Explorer of run {self._run.number}: {self.traces!r}, {self.sagas!r}"

    def open_trace(self, trace: int) -> None:
        """Show a trace as a waterfall.

        Args:
            trace: Its number.
        """
        records = trace_records(self._view, trace)
        if not records:
            self._say(f"Trace {trace} has no records (any more).")
            return
        self.waterfall.selected = 0
        self.waterfall.draw(
            lambda most: Waterfall.of(records, title=f"Trace {trace}", corner=self._corner, spans_max=most)
        )
        self.waterfall.layout.display = None
        self._say("")

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _wire(self) -> None:
        self.waterfall.layout.display = "none"
        self.traces.observe(lambda change: self._guarded(lambda: self._opened(change["new"])), names=["selected"])
        self.sagas.observe(lambda change: self._guarded(lambda: self._opened_saga(change["new"])), names=["selected"])
        self.graph.observe(lambda change: self._guarded(lambda: self._chosen(change["new"])), names=["selected"])

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something; what goes wrong is told in the widget."""
        try:
            act()
        except StudioError as error:
            self._say(str(error))

    def _opened(self, key: str) -> None:
        if key:
            self.open_trace(int(key))

    def _opened_saga(self, key: str) -> None:
        if key:
            self.open_trace(int(key.partition(" ")[0]))

    def _chosen(self, key: str) -> None:
        """Show only traces in which the chosen part of the system worked."""
        kind, _, name = key.partition(" ")
        self._service = name if kind in ("service", "saga") else ""
        self.traces.search()
        if self._service:
            self.tabs.selected_index = 0
            self._say(f"Traces in which {self._service} worked; choose it again in the system to see all.")

    def _say(self, text: str) -> None:
        self.note.value = escape(text)
        self.note.layout.display = None if text else "none"

    def _heading(self) -> str:
        run, row = self._run, self._view.row
        facts = (
            f"run {run.number}",
            f"seed {run.seed}",
            f"{duration(self._view.span_ns[1])} of virtual time",
            row.status,
        )
        return f"{_STYLE}<b>{escape(run.log.row.info.name)}</b>{escape(' · '.join(facts))}"

    def _trace_page(self, text: str, offset: int, limit: int) -> Page:
        wanted = TraceFilter(service=self._service, text=text)
        found = list_traces(self._view, wanted, order="start_ns", descending=False, offset=offset, limit=limit)
        return Page([_trace_row(row) for row in found.iter_rows(named=True)], count_traces(self._view, wanted))

    def _saga_page(self, text: str, offset: int, limit: int) -> Page:
        wanted = SagaFilter(text=text)
        found = list_sagas(self._view, wanted, offset=offset, limit=limit)
        return Page([_saga_row(row) for row in found.iter_rows(named=True)], count_sagas(self._view, wanted))

    def _draw_graph(self) -> None:
        view = self._view
        topology = run_topology(view, self._run.build)
        index = SceneIndex.of(topology)
        traffic = SystemTraffic.of(view, index, Interval(0, max(view.span_ns[1], 1)), {})
        self.graph.svg = Drawing(topology).svg
        self.graph.stats = graph_stats(traffic.edges(), traffic.nodes(index))


def _trace_row(row: dict[str, Any]) -> Row:
    statuses = row["statuses"]
    mark = "bad" if _BAD.intersection(statuses) else "warn" if statuses != ["ok"] else ""
    cells = (
        instant(row["start_ns"]), row["name"], row["key"] or "", duration(row["duration_ns"]), f"{row['spans']:,}",
        f"{row['faults']:,}" if row["faults"] else "", ", ".join(statuses),
    )  # fmt: skip
    return Row(str(row["trace"]), cells, mark)


def _saga_row(row: dict[str, Any]) -> Row:
    step = f"{row['step']}: {row['phase']}" if row["step"] else ""
    state = f"{row['state']}: {in_words(row['reason'])}" if row["reason"] else row["state"]
    cells = (row["saga"], instant(row["started_ns"]), duration(row["duration_ns"]), step, state)
    return Row(f"{row['trace']} {row['saga']}", cells, _TROUBLED.get(row["state"], ""))


def explore(run: Run) -> RunExplorer:
    """Return an explorer of a run."""
    return RunExplorer(run)
