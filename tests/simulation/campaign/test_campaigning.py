"""A campaign gives the same whoever works, keeps what fails, and ends for nothing that a seed does."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from studio.errors import BadCampaign, ForeignSeeds, MissingExtra, UnknownScenario, UnknownTarget, UnreadableSeeds
from studio.graph.system import Build
from studio.model.faults.composed_faults import swarm
from studio.model.faults.network_faults import lose
from studio.simulation.campaign.campaign import Campaign, CampaignInterrupted
from studio.simulation.campaign.campaigning import campaign
from studio.simulation.campaign.labour import case_for, job_of
from studio.simulation.campaign.pace import CampaignProgress
from studio.simulation.campaign.predictors import FAULTS_MAX
from studio.simulation.case import Case
from studio.store import Log

Conduct = Callable[..., Campaign]


@pytest.fixture(scope="module")
def mixed(build: Build) -> Campaign:
    """Twelve seeds of a scenario that fails under some of them."""
    return campaign("mixed", seeds=12, system=build, log=Log.memory(), check_determinism=0)


def children() -> set[str]:
    """Return the workers of this process that are alive."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            is_ours = f"PPid:\t{Path('/proc/self').resolve().name}\n" in (stat.parent / "status").read_text()
            if is_ours and b"popen_loky" in stat.read_bytes():
                found.add(stat.parent.name)
        except OSError:  # it ended meanwhile
            continue
    return found


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop("run", "checked", strict=False)


def test_results_do_not_depend_on_the_number_of_workers(build: Build, mixed: Campaign) -> None:
    two = campaign("mixed", seeds=12, system=build, log=Log.memory(), workers=2, check_determinism=0)
    for table in set(mixed.frames) - {"campaigns"}:
        assert plain(two.frames[table]).equals(plain(mixed.frames[table])), table


def test_seeds_fail_as_their_runs_do(build: Build, mixed: Campaign) -> None:
    job = job_of(build, "mixed")
    amounts = [case_for(build, job, seed).scenario_in(build).workloads[0].messages[0].amount for seed in range(12)]
    lost = set(mixed.sql("select seed from campaign_seeds where violations = 0")["seed"])
    assert set(mixed.failing) <= {seed for seed, amount in enumerate(amounts) if amount == 3}
    assert 0 < len(mixed.failing) < 12
    assert lost == set(range(12)) - set(mixed.failing)


def test_failing_seeds_keep_their_records(mixed: Campaign) -> None:
    kept = mixed.run(mixed.failing[0])
    assert kept.number == 1
    assert kept.violations["invariant"].to_list() == ["small"]
    assert mixed.log.run(1).row.info.seed == mixed.failing[0]


def test_other_seeds_are_run_again_when_asked_for(mixed: Campaign) -> None:
    seed = next(seed for seed in range(12) if seed not in mixed.failing)
    run = mixed.run(seed)
    assert run.sha256 == mixed.seeds.filter(pl.col("seed") == seed)["sha256"][0]


def test_a_seed_that_was_not_run_is_refused(mixed: Campaign) -> None:
    with pytest.raises(UnknownTarget, match="99"):
        mixed.run(99)


def test_faults_are_counted_by_what_they_struck(mixed: Campaign) -> None:
    rows = {name: (struck, planned) for name, _, struck, _, planned, _ in mixed.faults.iter_rows()}
    assert rows["lose Tally.keep leg=reply"] == (0, 12)
    assert 0 < rows["lose Tally.keep"][0] <= 12


def test_text_says_what_the_verdict_rests_on(mixed: Campaign) -> None:
    text = str(mixed)
    assert text.startswith(f"mixed under 12 seeds: ✗ {len(mixed.failing)} broke a promise")
    assert f"%simulate mixed --seed {mixed.failing[0]}" in text
    assert "Never struck: the 9th reply of Tally.keep is lost." in text


def test_a_swarm_is_told_by_few_faults_without_the_times_of_one_seed(build: Build) -> None:
    parts = [lose("Tally.keep", leg=leg) for leg in ("request", "reply")]
    stormy = Case("calm", plan=(swarm(*parts, kinds=["crash", "pause", "slow", "duplicate", "reorder"], share=1.0),))
    found = campaign(stormy, seeds=6, system=build, log=Log.memory(), check_determinism=0)
    outline = found.outline()
    assert len(outline.faults) <= FAULTS_MAX
    assert len(outline.faults) + outline.more_faults == len(found.faults.filter(pl.col("struck") > 0))
    assert not [each.words for each in outline.faults if " at " in each.words or "probability" in each.words]
    assert {"lose Tally.keep", "lose Tally.keep leg=reply"} <= set(found.faults["name"])


def test_seeds_without_a_violation_are_no_proof(build: Build) -> None:
    text = str(campaign("calm", seeds=2, system=build, log=Log.memory()))
    assert "No violation was seen under 2 seeds; that is not yet a proof." in text
    assert "No seed was run twice" in text


def test_one_seed_in_so_many_is_run_twice(build: Build) -> None:
    found = campaign("calm", seeds=4, system=build, log=Log.memory(), check_determinism=4)
    assert (found.checked, found.differing) == (1, ())
    assert found.seeds["checked"].to_list() == ["equal", "", "", ""]


def test_a_seed_that_kills_its_worker_is_reported_and_the_rest_goes_on(build: Build) -> None:
    job = job_of(build, "deadly")
    amounts = [case_for(build, job, seed).scenario_in(build).workloads[0].messages[0].amount for seed in range(6)]
    found = campaign("deadly", seeds=6, system=build, log=Log.memory(), workers=2, check_determinism=0)
    codes = ["STU541" if amount == 9 else "" for amount in amounts]
    assert set(codes) == {"STU541", ""}
    assert found.seeds["error"].to_list() == codes


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_keeps_what_is_done_and_leaves_no_worker(build: Build, workers: int) -> None:
    def stop(progress: CampaignProgress) -> None:
        if progress.done == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(CampaignInterrupted) as stopped:
        campaign("calm", seeds=500, system=build, log=Log.memory(), workers=workers, progress=stop)
    found = stopped.value.campaign
    assert (found.status, len(found.seeds)) == ("interrupted", 3)
    assert found.log.campaign(found.number)["campaigns"]["done"][0] == 3
    assert workers == 1 or children() == set()  # with one it is this process that works


def test_progress_tells_rate_and_time_left(build: Build) -> None:
    told: list[CampaignProgress] = []
    campaign("calm", seeds=range(5, 8), system=build, log=Log.memory(), progress=told.append)
    assert [(each.done, each.total) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert "seeds/s" in str(told[0])
    assert told[-1].left_s == 0


def test_failing_seeds_are_saved_and_run_again(build: Build, mixed: Campaign, tmp_path: Path) -> None:
    file = mixed.save(tmp_path / "failing.json")
    again = campaign("mixed", seeds=file, system=build, log=Log.memory())
    assert again.failing == mixed.failing == list(again.seeds["seed"])


def test_seeds_of_other_sources_are_refused_unless_that_is_meant(mixed: Campaign, build: Build, tmp_path: Path) -> None:
    file = mixed.save(tmp_path / "failing.json")
    file.write_text(file.read_text().replace(build.digest, "0" * 64))
    with pytest.raises(ForeignSeeds, match="sources=000000000000"):
        campaign("mixed", seeds=file, system=build, log=Log.memory())
    assert len(campaign("mixed", seeds=file, system=build, log=Log.memory(), edited=True).seeds) == len(mixed.failing)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "scenario": "x", "sources": "", "cases": [1]}']
)
def test_a_file_that_holds_no_seeds_is_refused(build: Build, tmp_path: Path, text: str) -> None:
    (tmp_path / "seeds.json").write_text(text)
    with pytest.raises(UnreadableSeeds):
        campaign("mixed", seeds=tmp_path / "seeds.json", system=build, log=Log.memory())


def test_a_case_is_varied_by_its_seed(build: Build) -> None:
    plan = (lose("Tally.keep", leg="request", occurrence=1),)
    found = campaign(Case("calm", plan=plan), seeds=2, system=build, log=Log.memory())
    assert found.strikes["strikes"].to_list() == [1, 1]
    assert found.replay(1) == "campaign.run(1)"


def test_what_keeps_every_seed_from_running_is_told_at_once(build: Build) -> None:
    with pytest.raises(UnknownScenario):
        campaign("tempest", seeds=1000, system=build, log=Log.memory())


@pytest.mark.parametrize("options", [{"seeds": 0}, {"workers": -1}, {"backend": "slurm"}, {"address": "tcp://x:1"}])
def test_campaigns_that_make_no_sense_are_refused(build: Build, options: dict[str, object]) -> None:
    with pytest.raises(BadCampaign):
        campaign("calm", system=build, log=Log.memory(), **options)  # type: ignore[arg-type] # on purpose


def test_ray_that_is_not_installed_is_told_with_its_command(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"service-studio\[ray\]"):
        campaign("calm", seeds=1, system=build, log=Log.memory(), backend="ray")
