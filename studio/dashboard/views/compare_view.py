"""The tab Compare: two runs side by side, what differs in numbers, and the first event in which they part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn

from studio.dashboard.pieces.background import Background
from studio.dashboard.pieces.blank import blank
from studio.dashboard.pieces.export_bar import frame_exports
from studio.dashboard.pieces.markup import Markup, act
from studio.dashboard.pieces.parts import FLEX_BOX, SELECT
from studio.dashboard.view import Export, View
from studio.dashboard.views.side_curves import SideCurves
from studio.dashboard.views.two_runs import (
    Parting,
    differences,
    found_parting,
    parting_frame,
    parting_words,
    partner,
    run_title,
)
from studio.store.windows.compare_window import Contrast, contrasts

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk
    from studio.store.windows.run_view import RunView

__all__ = ["CompareView"]

LISTED_MAX = 500
_ADVICE = (
    "Run the scenario once more: under another seed, without a fault, with changed code. Both runs stand here then."
)


class CompareView(View):
    """The shown run beside another one: by default the one before it of the same scenario."""

    name = "compare"
    title = "Compare"
    needs: ClassVar[tuple[str, ...]] = ("run", "other", "from_ns", "until_ns", "equal")
    follows = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.pair: tuple[Any, ...] = ()
        self._is_all = False  # whether equal numbers are shown, too
        self._found: list[Contrast] = []
        self._search: Background[Parting | None] | None = None
        acts: dict[str, Callable[[str], None]] = {
            "trace": self.open_trace,
            "stop": self.give_up,
            "search": self.search_again,
        }
        self.first_choice = SELECT(label="Shown run", options={}, width=330, margin=(6, 8))
        self.second_choice = SELECT(label="Compared with", options={}, width=330, margin=(6, 8))
        self.equal_too = pn.widgets.CheckBoxGroup(  # type: ignore[no-untyped-call]  # Panel's Checkbox has no label
            options=["equal numbers too"], margin=(28, 8, 0, 8)
        )
        self.parting = Markup(desk, acts, label="First difference", margin=(6, 12), stylesheets=[_CSS])
        self.numbers = Markup(desk, acts, label="Differences in numbers", margin=(6, 12), stylesheets=[_CSS])
        self.curves = SideCurves(desk)
        self.first_choice.param.watch(lambda event: self._choose("run", event), "value")
        self.second_choice.param.watch(lambda event: self._choose("other", event), "value")
        self.equal_too.param.watch(lambda event: desk.go(equal="too" if event.new else ""), "value")
        self._column = pn.Column(sizing_mode="stretch_both", scroll="y-auto", margin=0)
        self._blank = blank("Nothing to compare with", _ADVICE, code='studio.simulate("SCENARIO", seed=8)')

    def body(self) -> Any:
        """Return the choosers, the first difference, curves of both runs, and their numbers."""
        return self._column

    def refresh(self) -> None:
        """Show the two runs; the first difference is looked for in the background."""
        rows = self.desk.rows
        run = self.desk.shown_run or 0
        other = self.desk.other if self.desk.other is not None else partner(rows, run)
        if other is None or other == run:
            self._stop()
            self._column[:] = [self._blank]
            return
        self._list(run, other)
        self.equal_too.value = self.equal_too.options if self.desk.equal == "too" else []
        first, second = self.desk.view, self.desk.feed.log_view.run(other)
        state = (run, other, first.row.records, second.row.records)
        if state != self.pair:
            self.pair = state
            self._found = contrasts(first, second)
            self._show_numbers()
            self._start(first, second)
        if self._is_all != bool(self.equal_too.value):
            self._show_numbers()
        self.curves.show(first, second)
        if not len(self._column) or self._column[0] is self._blank:
            top = FLEX_BOX(self.first_choice, self.second_choice, self.equal_too, sizing_mode="stretch_width", margin=0)
            self._column[:] = [top, self.parting, self.curves.body, self.numbers]

    def exports(self) -> Sequence[Export]:
        """Return the numbers of both runs as a table, their curves, and the first difference."""
        if not self.pair:
            return ()
        name = f"against-run-{self.pair[1]}"
        parting = None if self._search is None else self._search.result
        found = () if parting is None else frame_exports(
            "First difference", f"{name}-difference", lambda: parting_frame(parting)
        )  # fmt: skip
        return (*self.curves.exports(name), *frame_exports("Numbers", f"{name}-numbers", self.frame), *found)

    def pinned(self) -> Mapping[str, Any]:
        """Return both runs: which one is compared by default changes as runs come."""
        return {"run": self.pair[0], "other": self.pair[1]} if self.pair else {}

    def frame(self) -> pl.DataFrame:
        """Return all numbers of both runs; times in nanoseconds."""
        import polars as pl

        kinds = {"section": pl.String, "name": pl.String, "first": pl.Float64, "second": pl.Float64}
        rows = [(each.section, each.name, each.first, each.second) for each in self._found]
        return pl.DataFrame(rows, schema=kinds, orient="row")

    def wait(self) -> None:
        """Wait until the first difference is known, and show it; for those who have no page."""
        if self._search is not None:
            self._search.wait()
            self._show_parting()

    def _list(self, run: int, other: int) -> None:
        rows = list(reversed(self.desk.rows))
        kept = [row for at, row in enumerate(rows) if at < LISTED_MAX or row.run in (run, other)]
        options = {run_title(row): row.run for row in kept}
        self.first_choice.param.update(options=options, value=run)
        self.second_choice.param.update(
            options={title: each for title, each in options.items() if each != run}, value=other
        )

    def _choose(self, name: str, event: Any) -> None:
        """Take what was chosen by hand; the choosers themselves follow the desk."""
        if event.new is None or not self.pair:
            return
        run, other = self.pair[:2]
        if name == "run" and event.new != run:
            self.desk.go(run=event.new, other=run if event.new == other else other)
        elif name == "other" and event.new != other:
            self.desk.go(run=run, other=event.new)

    # -- the first difference ---------------------------------------------------------------------------------------

    def _start(self, first: RunView, second: RunView) -> None:
        self._stop()
        self._search = Background(lambda told: found_parting(first, second, told), self._show_parting)
        self._show_parting()

    def _stop(self) -> None:
        if self._search is not None:
            self._search.stop()

    def give_up(self, _: str = "") -> None:
        """Stop looking for the first difference."""
        self._stop()
        self._show_parting()

    def search_again(self, _: str = "") -> None:
        """Look for the first difference once more."""
        self.pair = ()
        self.refresh()

    def _show_parting(self) -> None:
        search = self._search
        if search is None:
            return
        if search.is_stopped:
            self.parting.html = f"<p>The search was given up. {act('search', 'Search again')}</p>"
        elif search.error:
            self.parting.html = f'<p class="mark is-error" role="alert">{escape(search.error)}</p>'
        elif search.result is not None:
            self.parting.html = f'<div class="box">{parting_words(search.result)}</div>'
        elif search.done < 1:
            words = f"Looking for the first difference: {search.done:.0%} of both runs read …"
            self.parting.html = f'<p role="status">{words} {act("stop", "Stop")}</p>'
        else:
            self.parting.html = "<p><b class='mark is-ok'>✓ the same happened in both runs</b>, record by record</p>"

    def _show_numbers(self) -> None:
        titles = tuple(f"run {number}" for number in self.pair[:2])
        self._is_all = bool(self.equal_too.value)
        if len(titles) == 2:
            self.numbers.html = differences(self._found, (titles[0], titles[1]), is_all=self._is_all)

    def open_trace(self, value: str) -> None:
        """Open a trace of one of the two runs: `3/17`."""
        run, _, trace = value.partition("/")
        self.desk.go("traces", run=int(run), trace=int(trace), span=None)


_CSS = """
.markup .columns { columns: 420px; column-gap: 32px; overflow-wrap: break-word; }
.markup .columns section { break-inside: avoid; padding-bottom: 10px; }
.markup section h3 .soft { font-weight: 400; }
.markup .box td:first-child { white-space: nowrap; color: var(--s-soft); }
.markup .box { border: 1px solid var(--s-line); border-radius: 6px; padding: 8px 12px 10px; }
"""
