"""The same campaign on a Dask cluster of two processes gives the same results; one that does not answer is told."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from studio.errors import ClusterUnreachable
from studio.graph.system import Build
from studio.simulation.campaign.campaigning import campaign
from studio.store import Log

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:distributed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_a_cluster_gives_what_this_process_gives(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    # Workers look at it when they start; a shell that an earlier test of this process had leaves one they cannot read.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    here = campaign("mixed", seeds=8, system=build, log=Log.memory(), check_determinism=0)
    start: Any = LocalCluster  # says nothing of its types
    with start(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        there = campaign(
            "mixed", seeds=8, system=build, log=Log.memory(), backend="dask", address=address, check_determinism=8
        )
    assert there.seeds.drop("run", "checked").equals(here.seeds.drop("run", "checked"))
    assert there.quantiles.equals(here.quantiles)
    assert there.run(there.failing[0]).sha256 == here.run(here.failing[0]).sha256
    assert (there.checked, there.differing) == (1, ())


def test_a_cluster_that_does_not_answer_is_told(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.simulation.campaign.backends._ANSWER_S", 0.5)
    with pytest.raises(ClusterUnreachable, match=r"tcp://127\.0\.0\.1:1"):
        campaign("calm", seeds=1, system=build, log=Log.memory(), backend="dask", address="tcp://127.0.0.1:1")
