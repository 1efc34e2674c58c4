"""What a page shows of a campaign is what its tables say, computed by hand."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from studio.errors import UnknownCampaign
from studio.store import Log
from studio.store.campaigns import campaign_frame
from studio.store.windows import LogView, RecordedCampaign
from studio.store.windows.campaign_window import (
    broken_invariants,
    campaign_facts,
    fault_pairs,
    saga_outcomes,
    seed_case,
    seed_cells,
    seed_violations,
    single_faults,
    struck_under,
    times_taken,
)

STRUCK = {0: ("crash A",), 1: ("crash A", "lose B"), 2: ("crash A", "lose B"), 3: ("lose B",), 4: ()}
FAILED = {1, 2}


@pytest.fixture
def campaign() -> RecordedCampaign:
    """Five seeds, of which two fail and one is aborted; another campaign stands beside it."""
    log = Log.memory()
    log.add_campaign({"campaigns": head(9), "campaign_seeds": campaign_frame("campaign_seeds", [seed_row(77)])})
    number = log.add_campaign(
        {
            "campaigns": head(6),
            "campaign_seeds": campaign_frame("campaign_seeds", [seed_row(seed) for seed in STRUCK]),
            "campaign_violations": campaign_frame(
                "campaign_violations", [(seed, "one_charge", "always", seed, '{"n": 2}') for seed in sorted(FAILED)]
            ),
            "campaign_strikes": campaign_frame(
                "campaign_strikes",
                [(seed, at, name, "k", "t", f"{name} happens", int(name in STRUCK[seed]) * (seed + 1))
                 for seed in STRUCK for at, name in enumerate(("crash A", "lose B"), 1)],
            ),
            "campaign_sagas": campaign_frame("campaign_sagas", [(0, "S", "completed", 3), (1, "S", "completed", 5)]),
            "campaign_quantiles": campaign_frame(
                "campaign_quantiles",
                [(n, "call", "A.do", 2, 10**6, 2 * 10**6, (n + 1) * 10**9, 9 * 10**9) for n in (0, 1, 2)],
            ),
        }
    )  # fmt: skip
    return LogView.of(log).campaign(number)


def head(asked: int) -> pl.DataFrame:
    begun = datetime(2026, 1, 1)  # noqa: DTZ001 - the table has no zone
    return campaign_frame("campaigns", [("storm", "", "0", "3", begun, "finished", asked, 5, 2)])


def seed_row(seed: int) -> tuple[object, ...]:
    verdict = "failed" if seed in FAILED else "error" if seed == 4 else "held"
    status = "aborted" if seed == 4 else "finished"
    error, checked, run = "STU1" if seed == 4 else "", "equal" if seed == 0 else "", 7 if seed == 1 else 0
    return (seed, status, verdict, 0, 10, 5, "", error, "went wrong", checked, run, f'{{"seed": {seed}}}')


def test_facts_count_each_seed_once(campaign: RecordedCampaign) -> None:
    facts = campaign_facts(campaign)
    assert (facts.asked, facts.done, facts.held, facts.failed, facts.errors) == (6, 5, 2, 2, 1)
    assert (facts.violations, facts.records, facts.kept, facts.checked, facts.differing) == (3, 50, 1, 1, 0)


def test_cells_say_what_came_of_each_seed(campaign: RecordedCampaign) -> None:
    cells = seed_cells(campaign)
    assert cells["state"].to_list() == ["held", "failed", "failed", "held", "aborted"]
    assert cells["violations"].to_list() == [0, 1, 2, 0, 0]
    assert cells.row(1) == (1, "failed", 1, "one_charge", "", 7)


def test_invariants_stand_with_seeds_and_violations(campaign: RecordedCampaign) -> None:
    assert broken_invariants(campaign).rows() == [("one_charge", "always", 2, 3, 1)]


def test_a_fault_predicts_by_the_share_of_seeds_that_failed_under_it(campaign: RecordedCampaign) -> None:
    found = {row["name"]: row for row in single_faults(campaign).iter_rows(named=True)}
    for name, row in found.items():
        told = {seed for seed, names in STRUCK.items() if name in names and seed != 4}
        assert (row["struck"], row["failing"]) == (len(told), len(told & FAILED))
        assert row["share"] == pytest.approx(len(told & FAILED) / len(told))
        assert row["lift"] == pytest.approx(row["share"] / (2 / 4))
        assert 0 < row["at_least"] < row["share"]


def test_pairs_are_those_that_struck_together(campaign: RecordedCampaign) -> None:
    [row] = fault_pairs(campaign).iter_rows(named=True)
    assert (row["first"], row["second"], row["together"], row["failing"], row["lift"]) == (
        "crash A",
        "lose B",
        2,
        2,
        2.0,
    )


def test_sagas_and_times_are_summed_over_seeds(campaign: RecordedCampaign) -> None:
    assert saga_outcomes(campaign).rows() == [("S", "completed", 8, 2, 1)]
    [row] = times_taken(campaign).iter_rows(named=True)
    assert (row["count"], row["p99_s"], row["worst_p99_s"], row["worst_seed"]) == (6, 2.0, 3.0, 2)


def test_a_seed_is_told_with_its_case(campaign: RecordedCampaign) -> None:
    assert seed_violations(campaign, 2).rows() == [("one_charge", "always", 2, '{"n": 2}')]
    assert struck_under(campaign, 1).rows() == [("crash A happens", 2), ("lose B happens", 2)]
    assert seed_case(campaign, 4) == ('{"seed": 4}', "went wrong")
    assert seed_case(campaign, 99) == ("", "")


def test_a_campaign_that_is_not_there_is_told() -> None:
    with pytest.raises(UnknownCampaign):
        LogView.of(Log.memory()).campaign(1)
