"""Run one seed of a campaign again, with all its records, in a process of its own, while the page goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from html import escape
from typing import TYPE_CHECKING, Any

from studio.dashboard.pieces.background import Background
from studio.dashboard.pieces.markup import act
from studio.errors import SeedNotRun
from studio.simulation.campaign.crew import Crew
from studio.simulation.campaign.labour import Task, job_of
from studio.simulation.case import Case
from studio.store.windows.campaign_window import seed_case

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.graph.system import Build
    from studio.store import Log
    from studio.store.windows.recorded_campaign import RecordedCampaign

__all__ = ["SeedRunner", "run_seed"]


class SeedRunner:
    """Runs seeds for one page, one at a time.

    Args:
        desk: Whose feed says what is declared, and where records go.
        ran: Called with the number of the run, or None when it came to nothing.
    """

    def __init__(self, desk: Desk, ran: Callable[[int | None], None]) -> None:
        self._desk, self._ran = desk, ran
        self._seed: int | None = None
        self.under_way: Background[int] | None = None

    def words(self, cell: Mapping[str, Any], campaign: RecordedCampaign) -> str:
        """Return what can be done with a seed, as HTML: open its kept run, run it, or only repeat it elsewhere.

        Args:
            cell: The seed's row of `seed_cells`.
            campaign: Whose seed it is.
        """
        is_kept = bool(cell["run"]) and any(row.run == cell["run"] for row in self._desk.rows)
        if is_kept:
            return act("open", f"Open run {cell['run']}", str(cell["run"]), kind="primary")
        if self.under_way is not None and self._seed == cell["seed"]:
            if self.under_way.error:
                return f'<span class="mark is-error" role="alert">{escape(self.under_way.error)}</span>'
            if self.under_way.is_running:
                return f'<span role="status">Seed {cell["seed"]} is being run; its run opens when it is done …</span>'
        refusal = self._refusal(campaign, cell["seed"])
        return (
            act("run", "Run this seed now", str(cell["seed"]), refused=refusal, kind="primary")
            + f' <span class="soft">{escape(refusal or "Its records were not kept.")}</span>'
        )

    def start(self, seed: int, campaign: RecordedCampaign) -> None:
        """Run a seed; the page is told when it is done."""
        build, log = self._desk.feed.build, self._desk.feed.log
        if build is None or log is None or (self.under_way is not None and self.under_way.is_running):
            return
        case = Case.from_json(seed_case(campaign, seed)[0])
        self._seed = seed
        self.under_way = Background(lambda told: run_seed(build, case, log), self.news)

    def news(self) -> None:
        """Tell the page what came of it."""
        assert self.under_way is not None
        self._ran(self.under_way.result)

    def _refusal(self, campaign: RecordedCampaign, seed: int) -> str:
        if self._desk.feed.log is None:
            return "This dashboard only looks at a file: repeat the seed where the system is."
        if self._desk.feed.build is None:
            return "The system is not known here: run its cells first."
        return "" if seed_case(campaign, seed)[0] else "What the seed was given is not in the log."


def run_seed(build: Build, case: Case, log: Log) -> int:
    """Run a case in another process, so that it meets nothing that runs in this one, and return its run's number.

    Args:
        build: What is declared now; the run tells whether it still fails.
        case: What it is given.
        log: Where its records go.

    Raises:
        SeedNotRun: It did not come so far as to have records.
    """
    crew, task = Crew(workers=2), Task(case.seed, case, is_full=True)  # two: with one, it would run in this process
    with closing(crew.results(job_of(build, case.scenario), [task])) as stream:
        result = next(stream)
    if not result.parcel:
        raise SeedNotRun(seed=case.seed, reason=result.error_text or result.error or "it left no records")
    return log.adopt(result.parcel)
