"""The tab of faults: every kind as a form, what is in force, presets, undo; of a run that is over, its plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import polars as pl

from studio.dashboard.components.fault_pane import FaultPane
from studio.dashboard.fault_panel import FaultPanel, catalogue_of
from studio.dashboard.pieces.export_bar import frame_exports
from studio.dashboard.pieces.faults_in_force import planned_faults
from studio.dashboard.view import Export, View
from studio.errors import StudioError
from studio.model.fault import Fault, plan_to
from studio.model.faults.fault_form import form_of
from studio.simulation.harming.fault_words import in_words
from studio.store.windows.strikes_window import struck_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.dashboard.desk import Desk
    from studio.simulation.world import World

__all__ = ["FaultsView"]

_OVER = "This run is over: here is the plan that was in force, and how often each fault struck."
_FOREIGN = "This run is another process's, or is over: here is what struck."
_LIVE = (
    "To put faults in force while you watch, play with a world in a notebook, and choose its run above:",
    "world = studio.world(seed=7)\nworld.start(speed=10)\nworld.dashboard()",
)


class FaultsView(View):
    """Faults of the shown run."""

    name: ClassVar[str] = "faults"
    title: ClassVar[str] = "Faults"
    needs: ClassVar[tuple[str, ...]] = ("run", "kind")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.pane: Any = FaultPane(  # type: ignore[no-untyped-call]  # Panel says nothing of its types
            sizing_mode="stretch_width", theme=desk.theme
        )
        self.pane.param.watch(self._answer, "request")
        self.pane.param.watch(lambda event: desk.go(kind=event.new), "kind")
        self._panel: FaultPanel | None = None
        self._world: World | None = None
        self._rows: list[dict[str, Any]] = []

    def body(self) -> pn.viewable.Viewable:
        """Return the controls."""
        return pn.Column(self.pane, sizing_mode="stretch_width", margin=(8, 12))

    def refresh(self) -> None:
        """Show what stands now."""
        self.pane.param.update(theme=self.desk.theme, kind=self.desk.kind)
        world = self.desk.world
        if world is not self._world:
            self._world = world
            self._panel = None if world is None else FaultPanel(world, self._strikes)
            self.pane.catalogue = {} if world is None else catalogue_of(world.build.graph)
        self._stand()

    def exports(self) -> Sequence[Export]:
        """Return the plan with what struck as a table, as `studio.fault_from` reads it, and as a cell for it."""
        world = self.desk.world
        plan = Export("Plan, JSON", "json", "plan", lambda: json.dumps(self._plan(), indent=1).encode(), self._counted)
        if world is None:
            return (*frame_exports("Faults", "faults", self._frame), plan)
        cell = Export("Plan, cell", "py", "cell", lambda: world.as_cell().encode(), lambda: "a %%scenario cell")
        return (*frame_exports("Faults", "faults", self._frame), plan, cell)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _answer(self, event: Any) -> None:
        """Do what the page asks, and answer; what stands is shown at once, so that nobody waits for the next tick."""
        request: Mapping[str, Any] = event.new
        if self._panel is None:
            reply: dict[str, Any] = {"error": "This run is over; nothing can be put in force in it any more."}
        else:
            reply = self._panel.answer(request)
            if request.get("do") not in ("check", "edit"):
                self._stand()
        self.pane.reply = {**reply, "id": request.get("id")}

    def _stand(self) -> None:
        panel = self._panel
        standing = self._past() if panel is None else panel.standing()
        if panel is not None and not standing["live"]:
            standing |= {"note": f"{_OVER} {_LIVE[0]}", "code": _LIVE[1]}
        self._rows = standing["rows"]
        if standing != self.pane.standing:
            self.pane.standing = standing

    def _strikes(self) -> Mapping[int, int]:
        return {row["fault"]: row["strikes"] for row in struck_faults(self.desk.view).to_dicts()}

    def _past(self) -> dict[str, Any]:
        """Return the plan of a run that is over, as far as the log tells, and what struck."""
        struck = {row["fault"]: row for row in struck_faults(self.desk.view).to_dicts()}
        plan = planned_faults(self.desk.view, None)
        rows = [
            _row(number, fault, int(struck.get(number, {}).get("strikes", 0)))
            for number, fault in enumerate(plan, start=1)
        ]
        rows += [
            {
                "number": number, "kind": row["kind"], "title": _title(row["kind"]), "strikes": row["strikes"],
                "words": f"{row['kind']} on {row['target']}", "on": False,
            }
            for number, row in struck.items()
            if number > len(plan)
        ]  # fmt: skip
        note = f"{_OVER if plan else _FOREIGN} {_LIVE[0]}"
        return {"live": False, "note": note, "code": _LIVE[1], "rows": rows}

    def _frame(self) -> pl.DataFrame:
        rows = [(row["number"], row["kind"], row["words"], row["strikes"], row["on"]) for row in self._rows]
        kinds = {"number": pl.Int64, "kind": pl.String, "words": pl.String, "strikes": pl.Int64, "in_force": pl.Boolean}
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def _counted(self) -> str:
        count = len(self._plan())
        return f"{count:,} {'fault' if count == 1 else 'faults'}"

    def _plan(self) -> list[dict[str, Any]]:
        if self._world is not None:
            return plan_to(each.played for each in self._world.faults)
        return plan_to(planned_faults(self.desk.view, None))


def _row(number: int, fault: Fault, strikes: int) -> dict[str, Any]:
    return {
        "number": number, "kind": fault.kind, "title": _title(fault.kind), "words": in_words(fault),
        "strikes": strikes, "on": False,
    }  # fmt: skip


def _title(kind: str) -> str:
    try:
        return form_of(kind).title
    except StudioError:  # of another version of Studio
        return kind
