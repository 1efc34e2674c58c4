"""Campaigns in the log: kept in a file and in memory alike, and the pair of faults that best predicts failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from studio.errors import QueryWrites, UnknownCampaign
from studio.store import Log, RunInfo
from studio.store.campaigns import CAMPAIGN_TABLES, CampaignTables, campaign_frame

HEAD = ("outage", "abc", "0.1.0", "3.11", datetime(2026, 1, 1), "finished", 8, 8, 2)  # noqa: DTZ001 - the log keeps UTC


def seed_row(seed: int, verdict: str) -> tuple[Any, ...]:
    return (seed, "finished", verdict, int(verdict == "failed"), 10, 99, "", "", "", "", 0, "{}")


def strike(seed: int, fault: int, name: str) -> tuple[Any, ...]:
    kind, target = name.split()
    return (seed, fault, name, kind, target, name, 1)


@pytest.fixture
def frames() -> dict[str, pl.DataFrame]:
    """Eight seeds: a lost reply strikes in all, a crash in four, latency in four; lost reply and crash break two."""
    found = {table: campaign_frame(table) for table in CAMPAIGN_TABLES}
    found["campaigns"] = campaign_frame("campaigns", [HEAD])
    found["campaign_seeds"] = campaign_frame(
        "campaign_seeds", [seed_row(seed, "failed" if seed < 2 else "held") for seed in range(8)]
    )
    strikes = [strike(seed, 1, "lose cards") for seed in range(8)]
    strikes += [strike(seed, 2, "crash Payment") for seed in range(4)]
    strikes += [strike(seed, 3, "latency Payment") for seed in range(4, 8)]
    found["campaign_strikes"] = campaign_frame("campaign_strikes", strikes)
    return found


def test_pair_that_best_predicts_failure_is_first(frames: dict[str, pl.DataFrame]) -> None:
    pairs = CampaignTables(frames, 1).sql("select * exclude (campaign, overall, at_least) from fault_pairs")
    assert pairs.rows() == [
        ("crash Payment", "lose cards", 4, 2, 0.5, 2.0),
        ("latency Payment", "lose cards", 4, 0, 0, 0),
    ]


def test_a_pair_seen_once_does_not_lead(frames: dict[str, pl.DataFrame]) -> None:
    once = campaign_frame("campaign_strikes", [strike(0, 4, "pause Orders")])
    frames["campaign_strikes"] = pl.concat([frames["campaign_strikes"], once])
    pairs = CampaignTables(frames, 1).sql("select first, second, at_least, share from fault_pairs")
    assert 0 < pairs["at_least"].min() < pairs["share"].max() == 1.0  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_campaigns_are_kept_and_read_back(frames: dict[str, pl.DataFrame], tmp_path: Path, kind: str) -> None:
    log = Log.memory() if kind == "memory" else Log.open(tmp_path / "studio.duckdb")
    assert [log.add_campaign(frames), log.add_campaign(frames)] == [1, 2]
    assert log.campaign(2)["campaign_seeds"].equals(frames["campaign_seeds"])
    assert log.campaign(2)["campaigns"].rows() == [HEAD]


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_campaign_that_is_not_there_names_the_nearest(tmp_path: Path, kind: str) -> None:
    log = Log.memory() if kind == "memory" else Log.open(tmp_path / "studio.duckdb")
    with pytest.raises(UnknownCampaign, match="campaign=3"):
        log.campaign(3)


def test_campaigns_are_asked_and_not_changed(frames: dict[str, pl.DataFrame]) -> None:
    with pytest.raises(QueryWrites):
        CampaignTables(frames, 1).sql("delete from campaign_seeds")


def test_a_run_is_kept_with_its_case_and_its_system(tmp_path: Path, info: RunInfo) -> None:
    given = replace(info, case='{"seed": 7}', topology='{"nodes":[],"edges":[]}')
    log = Log.open(tmp_path / "studio.duckdb")
    log.record(given).finish("finished", end_ns=1)
    assert log.runs()[0].info == given
    assert Log.memory().adopt(log.pack(1)) == 1
