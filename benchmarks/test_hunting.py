"""Hunting: how many runs it takes until the bug of each gallery system is found, and how many runs there are a second.

Every system in `simulations/` with a folder `broken` and a scenario `calm` is hunted in it, with a budget of 200 runs.
Runs of shrinking are counted beside. The numbers of runs are the same on every machine; the rate is of processor time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.graph.system import Build, System
from studio.simulation.hunting.hunt import hunt
from studio.source.directory import read

SIMULATIONS = Path(__file__).parent.parent / "simulations"
BUDGET = 200
SMALL = 4
"""Systems that are hunted without `--large`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a hunt of one system came to; no runs where it found nothing."""

    name: str
    runs: int
    shrinking_runs: int
    time_s: float
    told: str

    def __str__(self) -> str:
        rate = (self.runs + self.shrinking_runs) / self.time_s
        return (
            f"  {self.name:<22} {self.runs:5} runs  + {self.shrinking_runs:3} to shrink {rate:8.1f} runs/s  {self.told}"
        )


def gallery() -> Iterator[tuple[str, Build]]:
    """Yield the systems that have a bug, by name."""
    for folder in sorted(SIMULATIONS.glob("*/broken")):
        system = System()
        system.define_all(read(folder))
        if "calm" in system.graph.scenarios:
            yield folder.parent.name, system.build()


def hunted(name: str, build: Build) -> Found:
    """Hunt one system until its bug is found."""
    start = time.process_time()
    found = hunt("calm", system=build, runs=BUDGET)
    took_s = time.process_time() - start
    first = found.counterexample
    told = "not found" if first is None else f"{first.invariant}: {len(first.case.plan)} faults"
    return Found(name, found.runs, found.shrinking_runs, took_s, told)


def test_runs_until_each_gallery_bug_is_found(large: bool) -> None:
    print(f"\nhunting the gallery, at most {BUDGET} runs each")
    all_found: list[Found] = []
    for name, build in gallery():
        if large or len(all_found) < SMALL:
            all_found.append(hunted(name, build))
            print(all_found[-1])
    runs = [each.runs for each in all_found if each.told != "not found"]
    print(f"  found in {len(runs)} of {len(all_found)}; median {statistics.median(runs):.0f} runs, most {max(runs)}")
