"""What came of many seeds of one scenario, as a value: to look at, to ask in SQL, to replay, to report."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import UnknownRun, UnknownTarget, nearest
from studio.graph.system import Build
from studio.simulation.campaign.outline import Outline, outline_of
from studio.simulation.campaign.seeds_file import KeptSeeds, write_seeds
from studio.simulation.campaign.tally import Coverage
from studio.simulation.case import Case
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log
from studio.store.campaigns import LEAST_SHARE, CampaignTables

if TYPE_CHECKING:
    import polars as pl

    from studio.errors import NotDeterministic

__all__ = ["Campaign", "CampaignInterrupted"]

_FAULTS = f"""
select name, words, struck, failing, planned, {LEAST_SHARE.format(count="struck").strip()} as at_least
from (
  select name, arg_min(words, seed) as words, count(distinct seed) filter (strikes > 0) as struck,
    count(distinct seed) filter (strikes > 0 and verdict = 'failed') as failing, count(distinct seed) as planned,
    if(struck > 0, failing / struck, 0.0) as share
  from campaign_strikes join campaign_seeds using (seed) group by name
)
order by struck = 0, if(failing = 0, 0.0, at_least) desc, failing desc, struck desc, name
"""  # noqa: S608 - our own names


@dataclass(frozen=True, eq=False, repr=False)
class Campaign:
    """Runs of one scenario, by seed: numbers for all, full records of the first that failed.

    Frames are Polars; `sql` asks anything else of the tables `campaigns`, `campaign_seeds`, `campaign_violations`,
    `campaign_strikes`, `campaign_sagas`, `campaign_quantiles` and of the view `fault_pairs`.

    Attributes:
        scenario: Its name.
        number: Of the campaign in its log.
        status: `finished`, or `interrupted`.
        asked: How many seeds were asked for.
        coverage: What the verdict rests on.
        differing: What was found where seeds were run twice and the runs were not equal.
        checked: How many seeds were run twice.
        replay_line: What repeats a seed, with `{seed}` for it.
    """

    scenario: str
    number: int
    status: str
    asked: int
    coverage: Coverage
    differing: tuple[NotDeterministic, ...]
    checked: int
    build: Build = field(repr=False)
    log: Log = field(repr=False)
    frames: dict[str, pl.DataFrame] = field(repr=False)
    replay_line: str = ""

    @property
    def seeds(self) -> pl.DataFrame:
        """Return a row for each seed: verdict, violations, records, hash, error, number of its kept run (0: none)."""
        return self.frames["campaign_seeds"]

    @property
    def violations(self) -> pl.DataFrame:
        """Return which invariants were violated under which seed, how often, and the first row of each."""
        return self.frames["campaign_violations"]

    @property
    def strikes(self) -> pl.DataFrame:
        """Return how often each fault took effect under each seed."""
        return self.frames["campaign_strikes"]

    @property
    def sagas(self) -> pl.DataFrame:
        """Return how many sagas ended in which state under each seed."""
        return self.frames["campaign_sagas"]

    @property
    def quantiles(self) -> pl.DataFrame:
        """Return how long calls and sagas took: median and 99th percentile, in the median seed and in the worst.

        Each seed's own are in the table `campaign_quantiles`.
        """
        return self.sql(
            "select kind, name, sum(count) as count, median(p50_ns) / 1e9 as p50_s, median(p99_ns) / 1e9 as p99_s, "
            "max(p99_ns) / 1e9 as worst_p99_s, arg_max(seed, (p99_ns, -seed)) as worst_seed, "
            "max(max_ns) / 1e9 as max_s from campaign_quantiles group by kind, name order by kind, name"
        )

    @property
    def faults(self) -> pl.DataFrame:
        """Return each fault: under how many seeds it struck, and how many of those failed.

        `words` are those of one seed: a swarm draws others for each. `at_least` is as in `pairs`, and orders the rows.
        """
        return self.sql(_FAULTS)

    @property
    def pairs(self) -> pl.DataFrame:
        """Return which two faults, both striking, best predict a failure: counts, share that failed, lift.

        `at_least` is the least share that the counts allow for (Wilson's interval, 95 %); rows are ordered by it.
        """
        return self.sql("select * exclude (campaign) from fault_pairs")

    @property
    def failing(self) -> list[int]:
        """Return the seeds that broke a promise, or did not come to their end."""
        seeds = self.seeds
        return list(seeds.filter(seeds["verdict"] != "held")["seed"])

    @property
    def is_fine(self) -> bool:
        """Whether no seed failed, and none that was run twice differed; that is not yet a proof."""
        return not self.failing and not self.differing

    def sql(self, text: str, /, **parameters: Any) -> pl.DataFrame:
        """Ask anything of the campaign.

        Args:
            text: One `select`, with `$name` for parameters.
            parameters: Values for `$name`.

        Raises:
            InvalidQuery: It is wrong; the error names the line.

        Example:
            campaign.sql("select seed, max_ns from campaign_quantiles where name = 'Payment.process' order by max_ns")
        """
        return self._tables.sql(text, **parameters)

    def run(self, seed: int) -> Run:
        """Return the whole run of a seed: as it was kept, else run again.

        Raises:
            UnknownTarget: The campaign did not run that seed.
        """
        found = self.seeds.filter(self.seeds["seed"] == seed)
        if not len(found) or not found["case_json"][0]:
            known = nearest(str(seed), map(str, self.seeds["seed"]))
            raise UnknownTarget(what="run(...)", target=str(seed), known=known)
        case, number = Case.from_json(found["case_json"][0]), found["run"][0]
        if number:
            try:
                return Run(self.log.run(number), self.build, case.plan, case=case)
            except UnknownRun:  # it was deleted since
                pass
        return simulate(case, system=self.build, log=Log.memory())

    def replay(self, seed: int) -> str:
        """Return the line that repeats a seed."""
        return self.replay_line.replace("{seed}", str(seed))

    def outline(self) -> Outline:
        """Return the campaign in a few numbers, as its card and its text show them."""
        return outline_of(self)

    def save(self, file: Path | str) -> Path:
        """Write the failing seeds down, to run them again: `studio simulate --seeds-from FILE`.

        Raises:
            FileUnwritable: The machine refuses the file.
        """
        seeds = self.seeds.filter(self.seeds["verdict"] != "held")
        cases = tuple(Case.from_json(text) for text in seeds["case_json"] if text)
        return write_seeds(Path(file), KeptSeeds(self.scenario, self.build.digest, cases))

    def report(self, file: Path | str) -> Path:
        """Write all that is known of it into one HTML file that needs no network.

        Raises:
            FileUnwritable: The machine refuses the file.
        """
        from studio.simulation.campaign.web_report import write_report

        return write_report(self, Path(file))

    def junit(self, file: Path | str) -> Path:
        """Write a JUnit report: a test case for each seed, and one for each that was run twice.

        Raises:
            FileUnwritable: The machine refuses the file.
        """
        from studio.simulation.campaign.junit import write_junit

        return write_junit([self], Path(file))

    def __repr__(self) -> str:
        return str(self.outline())

    @cached_property
    def _tables(self) -> CampaignTables:
        return CampaignTables(self.frames, self.number)


class CampaignInterrupted(KeyboardInterrupt):
    """A campaign was stopped by hand; what had come of its seeds is kept.

    Attributes:
        campaign: As far as it came.
    """

    def __init__(self, campaign: Campaign) -> None:
        done = len(campaign.seeds)
        super().__init__(
            f"stopped after {done} of {campaign.asked} seeds; campaign {campaign.number} holds what came of them"
        )
        self.campaign = campaign
