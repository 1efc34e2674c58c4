"""Ask a campaign for what a page shows: its seeds as cells, what was broken, under which faults, how long it took.

Answers have one row for each seed, or a bounded number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.store.campaigns import LEAST_SHARE

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.recorded_campaign import RecordedCampaign

__all__ = [
    "ROWS_MAX",
    "CampaignFacts",
    "broken_invariants",
    "campaign_facts",
    "fault_pairs",
    "saga_outcomes",
    "seed_case",
    "seed_cells",
    "seed_violations",
    "single_faults",
    "struck_under",
    "times_taken",
]

ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign in a few numbers.

    Attributes:
        number: In its log.
        scenario: Its name.
        status: `finished` or `interrupted`.
        asked: Seeds that were asked for.
        held: Seeds under which every promise held.
        failed: Seeds under which one was broken.
        errors: Seeds that do not tell: their run did not come to its end, or an invariant could not be evaluated.
        violations: Of all seeds.
        records: Of all seeds.
        kept: Seeds whose full records are in the log.
        checked: Seeds that were run twice.
        differing: Those of them that were not equal.
    """

    number: int
    scenario: str
    status: str
    asked: int
    held: int
    failed: int
    errors: int
    violations: int
    records: int
    kept: int
    checked: int
    differing: int

    @property
    def done(self) -> int:
        """Seeds that were run."""
        return self.held + self.failed + self.errors


def campaign_facts(campaign: RecordedCampaign) -> CampaignFacts:
    """Return a campaign in a few numbers."""
    return CampaignFacts(*_ask(campaign, _FACTS).row(0))


def seed_cells(campaign: RecordedCampaign) -> pl.DataFrame:
    """Return a row for each seed, in their order: `seed`, `state`, `violations`, `invariants`, `error`, `run`.

    `state` is `held`, `failed`, `aborted` or `error`; `invariants` says which were violated; `run` is the number of the
    kept run, 0 for none.
    """
    return _ask(campaign, _CELLS)


def broken_invariants(campaign: RecordedCampaign) -> pl.DataFrame:
    """Return which invariants were violated: `invariant`, `mode`, `seeds`, `violations`, `first_seed`; worst first."""
    return _ask(campaign, _INVARIANTS, most=ROWS_MAX)


def single_faults(campaign: RecordedCampaign, *, most: int = ROWS_MAX) -> pl.DataFrame:
    """Return the faults that struck, the surest predictors of failure first.

    Columns: `name`, `words` (of the first seed that has it), `struck` and `failing` (seeds), `share`, `lift` (share by
    that of all seeds), `at_least` (the least share that the counts allow for).
    """
    return _ask(campaign, _FAULTS, most=most)


def fault_pairs(campaign: RecordedCampaign, *, most: int = ROWS_MAX) -> pl.DataFrame:
    """Return pairs of faults that struck together under a failing seed, the surest predictors first.

    Columns: `first`, `second`, `together`, `failing`, `share`, `lift`, `at_least`.
    """
    return _ask(campaign, _PAIRS, most=most)


def saga_outcomes(campaign: RecordedCampaign) -> pl.DataFrame:
    """Return how sagas ended: `name`, `state`, `instances`, `seeds`, `most_seed` (the seed with most of them)."""
    return _ask(campaign, _SAGAS, most=ROWS_MAX)


def times_taken(campaign: RecordedCampaign) -> pl.DataFrame:
    """Return how long calls and sagas took, in seconds.

    Columns: `kind`, `name`, `count`, `p50_s`, `p90_s`, `p99_s` (each in the median seed), `worst_p99_s`, `worst_seed`,
    `max_s`.
    """
    return _ask(campaign, _TOOK, most=ROWS_MAX)


def seed_violations(campaign: RecordedCampaign, seed: int) -> pl.DataFrame:
    """Return what was violated under a seed: `invariant`, `mode`, `violations`, `first` (the first row, as JSON)."""
    return _ask(campaign, _SEED_VIOLATIONS, seed=seed, most=ROWS_MAX)


def struck_under(campaign: RecordedCampaign, seed: int) -> pl.DataFrame:
    """Return the faults of a seed's plan that struck: `words`, `strikes`; most strikes first."""
    return _ask(campaign, _SEED_STRIKES, seed=seed, most=ROWS_MAX)


def seed_case(campaign: RecordedCampaign, seed: int) -> tuple[str, str]:
    """Return what decided a seed's run, as JSON, and what kept it from its end, in words; empty where there is none."""
    rows = _ask(campaign, _SEED_CASE, seed=seed).rows()
    return (str(rows[0][0] or ""), str(rows[0][1] or "")) if rows else ("", "")


def _ask(campaign: RecordedCampaign, query: str, **values: int) -> pl.DataFrame:
    return campaign.ask(_OF + query, **values)


_OF = """
with seeds as (select * from campaign_seeds where campaign = {campaign}),
violations as (select * from campaign_violations where campaign = {campaign}),
strikes as (select * from campaign_strikes where campaign = {campaign}),
sagas as (select * from campaign_sagas where campaign = {campaign}),
quantiles as (select * from campaign_quantiles where campaign = {campaign})
"""
_FACTS = """
select campaign, scenario, status, asked,
  (select count(*) from seeds where verdict = 'held'),
  (select count(*) from seeds where verdict = 'failed'),
  (select count(*) from seeds where verdict not in ('held', 'failed')),
  (select coalesce(sum(violations), 0) from violations),
  (select coalesce(sum(records), 0) from seeds),
  (select count(*) from seeds where run > 0),
  (select count(*) from seeds where checked <> ''),
  (select count(*) from seeds where checked not in ('', 'equal'))
from campaigns where campaign = {campaign}
"""
_CELLS = """
select seed, if(verdict = 'error' and status = 'aborted', 'aborted', verdict) as state,
  coalesce(broken.violations, 0) as violations, coalesce(broken.invariants, '') as invariants, error, run
from seeds
left join (
  select seed, sum(violations) as violations,
    string_agg(invariant, ', ' order by violations desc, invariant) as invariants
  from violations group by seed
) broken using (seed)
order by seed
"""
_INVARIANTS = """
select invariant, min(mode) as mode, count(distinct seed) as seeds, sum(violations) as violations,
  min(seed) as first_seed
from violations group by invariant order by seeds desc, violations desc, invariant limit {most}
"""
_FAULTS = f"""
, overall as (
  select count(*) filter (verdict = 'failed') / count(*) as overall from seeds
  where verdict in ('held', 'failed')
), shares as (
  select name, arg_min(words, seed) as words, count(distinct seed) as struck,
    count(distinct seed) filter (verdict = 'failed') as failing, failing / struck as share
  from strikes join seeds using (seed)
  where strikes > 0 and verdict in ('held', 'failed') group by name
)
select name, words, struck, failing, share, if(overall > 0, share / overall, null) as lift,
  {LEAST_SHARE.format(count="struck").strip()} as at_least
from shares, overall order by failing = 0, at_least desc, failing desc, struck desc, name limit {{most}}
"""  # noqa: S608 - our own names
_PAIRS = """
select first, second, together, failing, share, lift, at_least from fault_pairs
where campaign = {campaign} and failing > 0 order by at_least desc, failing desc, first, second limit {most}
"""
_SAGAS = """
select name, state, sum(instances) as instances, count(*) as seeds, arg_max(seed, (instances, -seed)) as most_seed
from sagas group by name, state order by name, instances desc, state limit {most}
"""
_TOOK = """
select kind, name, sum(count) as count, median(p50_ns) / 1e9 as p50_s, median(p90_ns) / 1e9 as p90_s,
  median(p99_ns) / 1e9 as p99_s, max(p99_ns) / 1e9 as worst_p99_s, arg_max(seed, (p99_ns, -seed)) as worst_seed,
  max(max_ns) / 1e9 as max_s
from quantiles group by kind, name order by kind desc, name limit {most}
"""
_SEED_CASE = """
select case_json, error_text from seeds where seed = {seed}
"""
_SEED_VIOLATIONS = """
select invariant, mode, violations, first from violations where seed = {seed}
order by violations desc, invariant limit {most}
"""
_SEED_STRIKES = """
select words, strikes from strikes where seed = {seed} and strikes > 0
order by strikes desc, words limit {most}
"""
