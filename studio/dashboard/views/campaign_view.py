"""The tab Campaign: many seeds of one scenario at a glance, what predicts that one fails, and the way to each run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn

from studio.dashboard.pieces.blank import blank
from studio.dashboard.pieces.export_bar import frame_exports, picture_exports
from studio.dashboard.pieces.markup import Markup, act
from studio.dashboard.pieces.parts import LABEL_UNSEEN, SELECT
from studio.dashboard.pieces.seed_grid import SeedGrid
from studio.dashboard.pieces.seed_picture import seed_picture
from studio.dashboard.pieces.taken_picture import theme_of
from studio.dashboard.view import Export, View
from studio.dashboard.views.campaign_words import analysis, headline, seed_story
from studio.dashboard.views.seed_runner import SeedRunner
from studio.store.windows import campaign_window as window

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk
    from studio.store.windows.campaign_window import CampaignFacts
    from studio.store.windows.recorded_campaign import RecordedCampaign

__all__ = ["CampaignView"]

_ADVICE = (
    "A campaign runs a scenario under many seeds, keeps what came of each, and the full records of those that fail. "
    "It appears here when it is done."
)
_CODE = '%simulate SCENARIO --seeds 1000\n# or\nstudio.campaign("SCENARIO", seeds=1000, workers=4)'


class CampaignView(View):
    """Seeds as a grid, violations by invariant and by faults, sagas, times; a click leads to a seed's run."""

    name = "campaign"
    title = "Campaign"
    needs: ClassVar[tuple[str, ...]] = ("campaign", "seed")
    follows = True
    wants_run = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._campaign: RecordedCampaign | None = None
        self._facts: CampaignFacts | None = None
        self._cells: dict[int, Mapping[str, Any]] = {}
        self._known: dict[str, int] = {}
        acts = {"seed": self._open_seed, "close": self._close, "open": self._open_run, "run": self.run_seed}
        self._choice = SELECT(label="Campaign", options={}, width=420, margin=(6, 8), stylesheets=[LABEL_UNSEEN])
        self._choice.param.watch(self._chosen, "value")
        self.head = Markup(desk, label="Verdict", margin=(8, 8))
        self.grid = SeedGrid(self._choose_seed, margin=(4, 12))
        self.story = Markup(desk, acts, keys={"Escape": "close"}, label="Seed", margin=(6, 12), stylesheets=[_CSS])
        self.tables = Markup(desk, acts, label="Analysis", margin=(6, 12), stylesheets=[_CSS])
        self.runner = SeedRunner(desk, self._ran)
        self._column = pn.Column(sizing_mode="stretch_both", scroll="y-auto", margin=0)
        self._blank = blank("No campaign yet", _ADVICE, code=_CODE)

    def body(self) -> Any:
        """Return the chooser and the verdict, the grid, the opened seed, and the tables."""
        return self._column

    def refresh(self) -> None:
        """Bring in campaigns that are new, and show the chosen one and its chosen seed."""
        listed = self.desk.feed.log_view.campaigns()
        self._known = {_title(row): row["campaign"] for row in reversed(listed.to_dicts())}
        if not self._known:
            self._column[:] = [self._blank]
            return
        number = self.desk.campaign if self.desk.campaign is not None else next(iter(self._known.values()))
        if self._campaign is None or self._campaign.number != number:
            self._load(number)
        self._choice.param.update(options=self._known, value=number)
        self.grid.param.update(theme=self.desk.theme, chosen=self.desk.seed)
        self._show_seed()
        top = pn.Row(self._choice, self.head, sizing_mode="stretch_width", margin=0)
        if not len(self._column) or self._column[0] is self._blank:
            self._column[:] = [top, self.grid, self.story, self.tables]

    def exports(self) -> Sequence[Export]:
        """Return the grid as a picture, all tables, and those of the opened seed; of the campaign, not of a run."""
        campaign, facts = self._campaign, self._facts
        if campaign is None or facts is None:
            return ()
        name, most = f"campaign-{campaign.number}-{facts.scenario}", window.ROWS_MAX
        tables: list[tuple[str, str, Callable[[], pl.DataFrame], int | None]] = [
            ("Seeds", "seeds", lambda: window.seed_cells(campaign), None),
            ("Promises", "promises", lambda: window.broken_invariants(campaign), most),
            ("Faults", "faults", lambda: window.single_faults(campaign), most),
            ("Fault pairs", "pairs", lambda: window.fault_pairs(campaign), most),
            ("Sagas", "sagas", lambda: window.saga_outcomes(campaign), most),
            ("Times", "times", lambda: window.times_taken(campaign), most),
        ]
        seed = self.desk.seed
        if seed is not None and seed in self._cells:
            tables += [
                (f"Seed {seed}, broken", f"seed-{seed}-broken", lambda: window.seed_violations(campaign, seed), most),
                (f"Seed {seed}, strikes", f"seed-{seed}-strikes", lambda: window.struck_under(campaign, seed), most),
            ]
        made = [
            frame_exports(title, f"{name}-{what}", make, rows_max=rows_max, is_of_run=False)
            for title, what, make, rows_max in tables
        ]
        picture = picture_exports("Grid", f"{name}-grid", lambda: self._taken(facts), is_of_run=False)
        return (*picture, *(each for exports in made for each in exports))

    def pinned(self) -> Mapping[str, Any]:
        """Return the campaign that is shown: the newest one may be another soon."""
        return {} if self._campaign is None else {"campaign": self._campaign.number}

    def _taken(self, facts: CampaignFacts) -> bytes:
        cells = [(seed, row["state"]) for seed, row in self._cells.items()]
        span = f"seeds {min(self._cells, default=0)} – {max(self._cells, default=0)}"
        corner = f"{facts.scenario} · campaign {facts.number} · {span}"
        title = f"{facts.held:,} of {facts.done:,} seeds held"
        return seed_picture(cells, title=title, corner=corner, theme=theme_of(self.desk))

    def _load(self, number: int) -> None:
        """Ask for a campaign; none ever changes once it is in the log."""
        campaign = self.desk.feed.log_view.campaign(number)
        facts, cells = window.campaign_facts(campaign), window.seed_cells(campaign)
        self._cells = {row["seed"]: row for row in cells.iter_rows(named=True)}
        shown = [(seed, row["state"]) for seed, row in self._cells.items()]
        self.grid.fill(shown, {seed: _note(row) for seed, row in self._cells.items() if row["state"] != "held"})
        self.head.html = headline(facts)
        self.tables.html = analysis(campaign, facts)
        self._campaign, self._facts = campaign, facts

    def _show_seed(self) -> None:
        cell = self._cells.get(self.desk.seed) if self.desk.seed is not None else None
        self.story.visible = self.desk.seed is not None
        if self.desk.seed is None or self._campaign is None or self._facts is None:
            return
        if cell is None:
            self.story.html = f"<p>The campaign did not run seed {self.desk.seed}.</p>{act('close', 'Close')}"
            return
        words = self.runner.words(cell, self._campaign)
        self.story.html = (
            f'<div class="box">{seed_story(self._campaign, self._facts.scenario, cell, run_words=words)}</div>'
        )

    # -- what is clicked --------------------------------------------------------------------------------------------

    def _chosen(self, event: Any) -> None:
        if event.new is not None and self._campaign is not None and event.new != self._campaign.number:
            self.desk.go(campaign=event.new, seed=None)

    def _choose_seed(self, seed: int) -> None:
        """Open a seed's kept run where the log has it, else what is known of the seed."""
        cell = self._cells.get(seed)
        if cell is None:
            return
        self.desk.go(campaign=self._campaign.number if self._campaign else None, seed=seed)

    def _open_seed(self, value: str) -> None:
        self._choose_seed(int(value))

    def _open_run(self, value: str) -> None:
        self.desk.go("traces", run=int(value), trace=None, span=None)

    def run_seed(self, value: str) -> None:
        """Run a seed again in the background."""
        if self._campaign is not None and self._facts is not None:
            self.runner.start(int(value), self._campaign)
            self._show_seed()

    def _ran(self, run: int | None) -> None:
        """Open the run of a seed that was run in the background; say what went wrong where there is none."""
        if run is not None:
            self.desk.go("traces", run=run, trace=None, span=None)
        else:
            self._show_seed()

    def _close(self, _: str) -> None:
        self.desk.go(seed=None)


def _title(row: Mapping[str, Any]) -> str:
    failed = f"{row['failed']:,} did not hold" if row["failed"] else "all held"
    return f"{row['campaign']}: {row['scenario']}, {row['done']:,} seeds, {failed}"


def _note(row: Mapping[str, Any]) -> str:
    count = f" ({row['violations']:,} violations)" if row["violations"] else ""
    kept = f"; kept as run {row['run']}" if row["run"] else ""
    return f"{row['invariants'] or row['error']}{count}{kept}"


_CSS = """
.markup .columns { columns: 540px; column-gap: 32px; overflow-wrap: break-word; }
.markup .columns section { break-inside: avoid; padding-bottom: 10px; }
.markup .share { display: inline-block; min-width: 64px; padding: 0 4px; border-radius: 2px;
  background: linear-gradient(to left, var(--s-chosen) var(--share), transparent var(--share)); }
.markup section h3 .soft { font-weight: 400; }
.markup .box { border: 1px solid var(--s-line); border-radius: 6px; padding: 4px 12px 10px; }
"""
