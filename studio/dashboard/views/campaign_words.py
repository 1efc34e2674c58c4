"""Write what came of a campaign as HTML: totals, promises, faults, pairs, sagas, times; and one seed's story."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from studio.dashboard.pieces.markup import act
from studio.dashboard.pieces.plain_table import Field, number, plain_table, section
from studio.errors import InvalidCase
from studio.model.duration import exact_ns
from studio.observe.axis import duration
from studio.simulation.case import Case
from studio.store.windows import campaign_window as window

if TYPE_CHECKING:
    from studio.store.windows.campaign_window import CampaignFacts
    from studio.store.windows.recorded_campaign import RecordedCampaign

__all__ = ["analysis", "headline", "replay_line", "seed_story"]

FAULTS_MAX = 12
REASONS_MAX = 20


def headline(facts: CampaignFacts) -> str:
    """Return the campaign in a line, its verdict first."""
    if not facts.done:
        verdict = "<b>? no seed was done</b>"
    elif facts.held == facts.done:
        verdict = f"<b class='mark is-ok'>✓ every promise held under {facts.done:,} seeds</b>"
    else:
        of = f" of {facts.done:,} seeds"
        parts = [f"{facts.failed:,}{of} broke a promise"] if facts.failed else []
        parts += [f"{facts.errors:,}{'' if parts else of} did not tell"] if facts.errors else []
        verdict = f"<b class='mark is-error'>✕ {' and '.join(parts)}</b>"
    violations = "violation" if facts.violations == 1 else "violations"
    more = [f"{facts.violations:,} {violations}", f"{facts.records:,} records", f"{facts.kept:,} kept in full"]
    more += [f"{facts.asked - facts.done:,} of {facts.asked:,} not run"] if facts.asked > facts.done else []
    more += [facts.status] if facts.status != "finished" else []
    more += [f"{facts.checked:,} run twice, {facts.differing:,} differed"] if facts.checked else []
    return f'{verdict} <span class="soft">{escape(" · ".join(more))}</span>'


def analysis(campaign: RecordedCampaign, facts: CampaignFacts) -> str:
    """Return all tables of a campaign."""
    parts = [_invariants(campaign, facts), _sagas(campaign), _times(campaign)]
    if facts.failed:
        parts[1:1] = [_faults(campaign), _pairs(campaign)]
    return f'<div class="columns">{"".join(parts)}</div>'


def _invariants(campaign: RecordedCampaign, facts: CampaignFacts) -> str:
    rows = window.broken_invariants(campaign)
    if not len(rows):
        return section("Promises", "<p>None was broken. A seed that holds proves nothing about the next one.</p>")
    fields = (Field("Invariant"), Field("Mode"), number("Seeds", share_of=facts.done), number("Violations"),
              number("First seed", is_html=True))  # fmt: skip
    cells = [(name, mode, seeds, count, _seed(first)) for name, mode, seeds, count, first in rows.iter_rows()]
    return section("Promises that were broken", plain_table(fields, cells, caption="Violations by invariant"))


def _faults(campaign: RecordedCampaign) -> str:
    rows = window.single_faults(campaign, most=FAULTS_MAX)
    fields = (Field("Fault, as under the first seed"), number("Struck"), number("Failed"),
              number("Share", share_of=1, is_percent=True), number("At least", is_percent=True),
              number("Lift"))  # fmt: skip
    cells = [
        (row["words"], row["struck"], row["failing"], row["share"], row["at_least"], row["lift"])
        for row in rows.iter_rows(named=True)
    ]
    note = "seeds under which it struck; share of them that failed"
    return section("Single faults", plain_table(fields, cells, caption="Faults that predict failure"), note=note)


def _pairs(campaign: RecordedCampaign) -> str:
    rows = window.fault_pairs(campaign, most=FAULTS_MAX)
    if not len(rows):
        return section("Pairs of faults", "<p>No two faults struck together under a seed that failed.</p>")
    fields = (Field("Fault"), Field("and"), number("Both"), number("Failed"),
              number("Share", share_of=1, is_percent=True), number("At least", is_percent=True),
              number("Lift"))  # fmt: skip
    cells = [
        (row["first"], row["second"], row["together"], row["failing"], row["share"], row["at_least"], row["lift"])
        for row in rows.iter_rows(named=True)
    ]
    note = "at least: the least share that so few seeds allow for; lift: share by that of all seeds"
    return section("Pairs of faults", plain_table(fields, cells, caption="Pairs that predict failure"), note=note)


def _sagas(campaign: RecordedCampaign) -> str:
    rows = window.saga_outcomes(campaign)
    if not len(rows):
        return section("Sagas", "<p>No saga ran.</p>")
    most = max(rows["instances"])
    fields = (Field("Saga"), Field("State"), number("Instances", share_of=most), number("Seeds"),
              number("Most in seed", is_html=True))  # fmt: skip
    cells = [(name, state, count, seeds, _seed(seed)) for name, state, count, seeds, seed in rows.iter_rows()]
    return section("Sagas", plain_table(fields, cells, caption="How sagas ended"))


def _times(campaign: RecordedCampaign) -> str:
    rows = window.times_taken(campaign)
    if not len(rows):
        return section("Time taken", "<p>No call and no saga ended.</p>")
    fields = (Field("What"), number("p50"), number("p90"), number("p99"), number("Worst p99"),
              number("In seed", is_html=True))  # fmt: skip
    cells = [_took(row) for row in rows.iter_rows(named=True)]
    note = "virtual time, in the median seed"
    return section("Time taken", plain_table(fields, cells, caption="Latency over seeds"), note=note)


def _took(row: Mapping[str, Any]) -> tuple[str, ...]:
    times = (duration(int(row[name] * 1e9)) for name in ("p50_s", "p90_s", "p99_s", "worst_p99_s"))
    return (f"{row['kind']} {row['name']}", *times, _seed(row["worst_seed"]))


def _seed(seed: int) -> str:
    return act("seed", str(seed), str(seed), kind="plain")


def seed_story(campaign: RecordedCampaign, scenario: str, cell: Mapping[str, Any], *, run_words: str) -> str:
    """Return what is known of one seed, and what can be done with it.

    Args:
        campaign: Whose seed it is.
        scenario: Of the campaign.
        cell: Its row of `seed_cells`.
        run_words: Buttons, or what there is to say of its run, as HTML.
    """
    seed = cell["seed"]
    case, error = window.seed_case(campaign, seed)
    sign = (
        "<b class='mark is-ok'>✓ held</b>"
        if cell["state"] == "held"
        else f"<b class='mark is-error'>✕ {cell['state']}</b>"
    )
    parts = [f'<div class="head"><h2>Seed {seed}</h2> {sign}<span class="grow"></span>{act("close", "Close")}</div>']
    parts += [f'<p class="mark is-error">{escape(error)}</p>'] if error else []
    line = escape(replay_line(case, scenario, seed))
    parts.append(f'<p class="acts">{run_words}</p><pre aria-label="what repeats it">{line}</pre>')
    violations = window.seed_violations(campaign, seed)
    if len(violations):
        fields = (Field("Invariant"), Field("Mode"), number("Violations"), Field("First row"))
        parts.append(section("Broken", plain_table(fields, violations.iter_rows(), caption="Violations of this seed")))
    strikes = window.struck_under(campaign, seed).head(REASONS_MAX)
    told = (Field("Fault"), number("Strikes", share_of=max(strikes["strikes"], default=1)))
    struck = plain_table(told, strikes.iter_rows(), caption="Faults that struck") if len(strikes) else "<p>None.</p>"
    return "".join([*parts, section("Faults that struck", struck)])


def replay_line(case_json: str, scenario: str, seed: int) -> str:
    """Return the line that repeats a seed of the scenario as it is declared, with the case's own duration and bus."""
    try:
        case = Case.from_json(case_json) if case_json else Case(scenario, seed)
    except InvalidCase:  # of another version of Studio
        case = Case(scenario, seed)
    own = {"duration": exact_ns(case.duration_ns) if case.duration_ns else "", "bus": case.bus}
    return f"%simulate {scenario} --seed {seed}" + "".join(f" --{name} {value}" for name, value in own.items() if value)
