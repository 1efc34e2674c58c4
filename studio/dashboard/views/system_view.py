"""Show the system as a graph with its traffic: live, or at any instant of a run that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.components.graph_pane import GraphPane
from studio.dashboard.components.graph_stats import graph_stats
from studio.dashboard.pieces.blank import blank
from studio.dashboard.pieces.export_bar import frame_exports, picture_exports
from studio.dashboard.pieces.faults_in_force import fault_marks, faults_at, planned_faults
from studio.dashboard.pieces.markup import Markup
from studio.dashboard.pieces.run_topology import run_topology
from studio.dashboard.pieces.scene_index import SceneIndex
from studio.dashboard.pieces.system_detail import SystemDetail
from studio.dashboard.pieces.system_traffic import SystemTraffic
from studio.dashboard.pieces.taken_picture import corner_of, drawing_alone, theme_of
from studio.dashboard.pieces.time_bar import TimeBar
from studio.dashboard.view import Export, View
from studio.graph.drawing import Drawing
from studio.graph.topology import Edge, Topology

if TYPE_CHECKING:
    import polars as pl
    from panel.viewable import Viewable

    from studio.dashboard.desk import Desk
    from studio.store.windows.run_view import RunView

__all__ = ["SystemView", "filters_of"]

_FILTERS = ("service", "address", "source", "saga")
_LIVE_LAST_S = 10


class SystemView(View):
    """The tab System."""

    name = "system"
    title = "System"
    needs = (*View.needs, "part", "at_ns", "last_s")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._run: int | None = None
        self._usual_s = 0  # seconds that are looked at where nothing is chosen
        self._looked_at: int | None = None
        self._index = SceneIndex.of(Topology((), ()))
        self._traffic: SystemTraffic | None = None
        self._chosen = ""
        self._is_filling = False
        self.time = TimeBar(sizing_mode="stretch_width", margin=(6, 12, 4, 12))
        self.graph = GraphPane(sizing_mode="stretch_width", height_max=600, margin=0)
        self.detail = Markup(desk, {"clear": lambda _: self._choose("")}, label="Details", margin=0)
        self.time.param.watch(lambda *_: self._moved(), ["at_ns", "last_s"])
        self.graph.param.watch(lambda event: self._choose(event.new), "selected")
        left = pn.Column(self.graph, margin=0, styles={"flex": "100 1 620px", "min-width": "0"})
        right = pn.Column(self.detail, margin=(0, 4), styles={"flex": "1 1 370px", "min-width": "0"})
        self._picture = pn.FlexBox(  # type: ignore[no-untyped-call]  # Panel says nothing of it
            left, right, gap="12px", margin=(0, 12), sizing_mode="stretch_width"
        )
        self._body = pn.Column(sizing_mode="stretch_both", scroll="y-auto", margin=0)

    def body(self) -> Viewable:
        """Return the time bar, and below it the graph and what is known of the chosen part."""
        return self._body

    def refresh(self) -> None:
        """Ask for the traffic of the time on screen, and show it."""
        view, desk = self.desk.view, self.desk
        self.graph.theme = desk.theme
        with view.burst():
            if self._run != view.run or not self._index.parts:
                self._open(view)
            if not self._index.parts:
                self._show(blank("No services yet", _EMPTY, code='run = studio.simulate("SCENARIO", seed=7)'))
                return
            self._fill(view)
            traffic = self._ask(view)
            if traffic.has_unseen and view.is_live:
                self._draw(view)
                traffic = self._ask(view)
            self._traffic = traffic
            self.graph.stats = graph_stats(traffic.edges(), traffic.nodes(self._index))
            self._select()
            self.detail.html = SystemDetail(desk, view, self._index, traffic).html(self._chosen)
        looked_at = self.time.interval(desk.from_ns, desk.until_ns)
        self.graph.corner = corner_of(desk, looked_at.from_ns, looked_at.until_ns - 1)
        self.time.shown_ns = self.time.at_ns
        self._show(self.time, self._picture)

    def exports(self) -> Sequence[Export]:
        """Return the picture with its numbers, which the browser has, the drawing, and all numbers as tables."""
        if not self._index.parts:
            return ()
        shown = picture_exports("Picture", "system", self.graph.svg.encode, drawn_by="system")
        plain = picture_exports(
            "Drawing without numbers", "drawing", lambda: drawing_alone(self.graph.svg, theme_of(self.desk))
        )
        traffic = frame_exports("Traffic by address", "traffic", self.frame)
        return (*shown, *traffic, *frame_exports("Parts", "parts", self.parts), *plain)

    def pinned(self) -> Mapping[str, Any]:
        """Return how much is looked at: what is usual changes when a run ends."""
        return {"last_s": self.desk.last_s if self.time.last_s < 0 else self.time.last_s}

    def parts(self) -> pl.DataFrame:
        """Return the state of all parts at the instant that is shown."""
        import polars as pl

        stats = self.graph.stats.get("nodes", {})
        rows = [
            (*key.split(" ", 1), *(found.get(name) for name in ("up", "down", "queue", "breaker", "faults", "said")))
            for key, found in stats.items()
        ]
        kinds: dict[str, Any] = {
            "kind": pl.String, "part": pl.String, "up": pl.Int64, "down": pl.Int64, "queue": pl.Int64,
            "breaker": pl.String, "faults": pl.List(pl.String), "said": pl.String,
        }  # fmt: skip
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def frame(self) -> pl.DataFrame:
        """Return the traffic that is shown, a row for each sender, receiver and address."""
        import polars as pl

        flows = self._traffic.flows if self._traffic is not None else ()
        rows = [
            {
                "kind": flow.kind,
                "source": flow.source,
                "target": flow.target,
                "address": flow.address,
                "count": flow.stats.count,
                "rate_per_s": flow.stats.rate_per_s,
                "error_share": flow.stats.error_share,
                "p50_ns": flow.stats.p50_ns,
                "p99_ns": flow.stats.p99_ns,
            }
            for flow in flows
        ]
        return pl.DataFrame(rows, schema=_SCHEMA)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _open(self, view: RunView) -> None:
        """Begin with another run."""
        is_live = self.desk.feed.is_live_run(view.run)
        self._usual_s = _LIVE_LAST_S if is_live else 0
        if self._run is not None and self.desk.run is None and self.desk.at_ns == self._looked_at:
            self.desk.at_ns = None  # the newest run is followed, and this instant was of another one
        self._run, self._chosen = view.run, ""
        self._draw(view)

    def _draw(self, view: RunView) -> None:
        """Draw the system, with all that was seen so far."""
        topology = run_topology(view, self.desk.feed.build)
        if topology != self._index.topology:
            self._index = SceneIndex.of(topology)
            self.graph.param.update(svg=Drawing(topology).svg, stats={})

    def _ask(self, view: RunView) -> SystemTraffic:
        """Ask for the traffic of the time on screen, and for the state at its end."""
        desk = self.desk
        plan = planned_faults(view, desk.world)
        interval = self.time.interval(desk.from_ns, desk.until_ns)
        self.time.marks = fault_marks(plan)
        faults = faults_at(plan, self._index, interval.from_ns, interval.until_ns)
        return SystemTraffic.of(view, self._index, interval, faults)

    def _fill(self, view: RunView) -> None:
        desk = self.desk
        self._is_filling = True
        self.time.take(desk.span_ns[1], is_live=view.is_live, from_ns=desk.from_ns, until_ns=desk.until_ns)
        self.time.look(desk.at_ns, desk.last_s, usual_s=self._usual_s)
        self._looked_at = desk.at_ns
        self._is_filling = False

    def _moved(self) -> None:
        """Look at another time; the page shows it then."""
        if not self._is_filling:
            self.desk.go(**self.time.looked_at(self._usual_s))

    def _choose(self, key: str) -> None:
        """Filter all tabs by what was chosen in the picture."""
        if key == self._chosen:
            return
        self._chosen = key
        wanted = filters_of(key, self._index)
        self.desk.go(**wanted, part="" if self._found(wanted) == key else key)

    def _select(self) -> None:
        """Mark in the picture what the desk's filters are about."""
        now, part = {name: getattr(self.desk, name) for name in _FILTERS}, self.desk.part
        is_there = part in self._index.parts or part in self._index.lines
        self._chosen = part if is_there and filters_of(part, self._index) == now else self._found(now)
        self.graph.selected = self._chosen

    def _found(self, filters: Mapping[str, str]) -> str:
        """Return the first part or line that filters are about; several may have the same, and some have none."""
        keys = (*sorted(self._index.parts), *self._index.lines) if any(filters.values()) else ()
        return next((key for key in keys if filters_of(key, self._index) == filters), "")

    def _show(self, *shown: Any) -> None:
        if list(self._body) != list(shown):
            self._body[:] = list(shown)


def filters_of(key: str, index: SceneIndex) -> Mapping[str, str]:
    """Return what the desk filters by when a part or a line is chosen.

    Args:
        key: Of the part or line; one that is not drawn filters nothing.
        index: Of the drawing.
    """
    wanted = dict.fromkeys(_FILTERS, "")
    if key in index.lines:
        return wanted | _of_line(index.lines[key])
    kind, _, name = key.partition(" ")
    if key in index.parts and kind in ("service", "external", "saga", "event"):
        wanted[{"saga": "saga", "event": "address"}.get(kind, "service")] = name
    return wanted


def _of_line(edges: Sequence[Edge]) -> dict[str, str]:
    first = edges[0]
    source, target = (end.partition(" ")[2] for end in (first.source, first.target))
    addresses = {edge.address for edge in edges}
    address = first.address if len(addresses) == 1 else ""
    if first.kind == "request":
        return {"source": source, "address": f"{target} *"}
    if first.source.startswith("event "):
        return {"service": target, "address": address}
    if first.target.startswith("event "):
        return {"source": source, "address": address}
    if first.source.startswith("composition ") or first.target.startswith("composition "):
        return {"address": address}
    return {"source": source, "address": address} if address else {"source": source, "service": target}


_SCHEMA = {
    "kind": str, "source": str, "target": str, "address": str, "count": int, "rate_per_s": float, "error_share": float,
    "p50_ns": int, "p99_ns": int,
}  # fmt: skip
_EMPTY = (
    "Nothing is declared, and nobody spoke with anybody in this run. Declare services in %%service cells, then run a "
    "scenario or play with a world."
)
