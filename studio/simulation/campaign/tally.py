"""Add up what came of seeds, as they come: rows for the log, what was covered, which seeds failed.

Results become rows of frames in stretches, so that a hundred thousand seeds take megabytes, not gigabytes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.simulation.campaign.seed_result import SeedResult
from studio.store.campaigns import CAMPAIGN_TABLES, campaign_frame

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Coverage", "Tally"]

_STRETCH = 512
"""Results after which their rows are put into columns."""
_ROWS = tuple(table for table in CAMPAIGN_TABLES if table != "campaigns")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a verdict rests on.

    Attributes:
        idle: Operations, event handlers and compensations that ran under no seed.
        unfed: Invariants that saw data under no seed.
        promised: Promises of Studio's own that had something to look at under some seed.
        restless: Seeds under which the system did not come to rest.
    """

    idle: tuple[str, ...] = ()
    unfed: tuple[str, ...] = ()
    restless: int = 0
    promised: tuple[str, ...] = ()


class Tally:
    """The sum of all results so far.

    Attributes:
        done: Seeds.
        verdicts: Seeds by verdict.
        closer: The lowest of the failing seeds that can be looked at more closely.

    Args:
        kept_max: How many of those.
    """

    def __init__(self, kept_max: int) -> None:
        self.done = 0
        self.verdicts: Counter[str] = Counter()
        self._kept_max = kept_max
        self._closer: list[tuple[int, str]] = []  # a heap by the negated seed, the highest first
        self._idle: set[str] | None = None
        self._unfed: set[str] | None = None
        self._restless = 0
        self._promised: set[str] = set()
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _ROWS}
        self._frames: dict[str, list[pl.DataFrame]] = {table: [] for table in _ROWS}

    def add(self, result: SeedResult) -> None:
        """Count a result in."""
        self.done += 1
        self.verdicts[result.verdict] += 1
        if result.status != "none":
            self._idle = set(result.idle) if self._idle is None else self._idle & set(result.idle)
            self._unfed = set(result.unfed) if self._unfed is None else self._unfed & set(result.unfed)
            self._restless += bool(result.warnings)
            self._promised.update(result.promised)
        if result.verdict != "held" and result.case:
            heapq.heappush(self._closer, (-result.seed, result.case))
            if len(self._closer) > self._kept_max:
                heapq.heappop(self._closer)
        for table, rows in _rows_of(result).items():
            self._rows[table] += rows
        if self.done % _STRETCH == 0:
            self._put_in_columns()

    @property
    def closer(self) -> dict[int, str]:
        """Return the lowest failing seeds, each with its case as JSON."""
        return {-seed: case for seed, case in sorted(self._closer, reverse=True)}

    @property
    def coverage(self) -> Coverage:
        """Return what the seeds covered."""
        idle, unfed = tuple(sorted(self._idle or ())), tuple(sorted(self._unfed or ()))
        return Coverage(idle, unfed, self._restless, tuple(sorted(self._promised)))

    def frames(
        self, checked: Mapping[int, str], runs: Mapping[int, int], closer: Mapping[int, SeedResult]
    ) -> dict[str, pl.DataFrame]:
        """Return the tables but the campaign's own row, ordered by seed.

        Args:
            checked: Seeds that were run twice, and what was found.
            runs: Seeds whose records are in the log, and under which number.
            closer: Seeds that were run again with a closer look, and what it found broken.
        """
        import polars as pl

        self._put_in_columns()
        found = {table: pl.concat(frames) for table, frames in self._frames.items()}
        seen = [(seed, *_breach(each)) for seed, result in closer.items() for each in result.breaches]
        far = found["campaign_violations"].filter(~pl.col("seed").is_in([seed for seed, *_ in seen]))
        found["campaign_violations"] = pl.concat([far, campaign_frame("campaign_violations", seen)])
        more = pl.DataFrame(
            {"seed": [*checked], "checked_": [*checked.values()]}, schema={"seed": pl.Int64, "checked_": pl.String}
        )
        kept = pl.DataFrame({"seed": [*runs], "run_": [*runs.values()]}, schema={"seed": pl.Int64, "run_": pl.Int32})
        seeds = found["campaign_seeds"].join(more, on="seed", how="left").join(kept, on="seed", how="left")
        found["campaign_seeds"] = seeds.with_columns(
            checked=pl.coalesce("checked_", "checked"), run=pl.coalesce("run_", "run")
        ).drop("checked_", "run_")
        return {table: frame.sort("seed", maintain_order=True) for table, frame in found.items()}

    def _put_in_columns(self) -> None:
        for table, rows in self._rows.items():
            self._frames[table].append(campaign_frame(table, rows))
            self._rows[table] = []


def _rows_of(result: SeedResult) -> dict[str, Iterable[tuple[Any, ...]]]:
    seed = result.seed
    violations = sum(each.violations for each in result.breaches)
    head = (
        seed, result.status, result.verdict, violations, result.records, result.end_ns, result.sha256, result.error,
        result.error_text, "", 0, result.case,
    )  # fmt: skip
    return {
        "campaign_seeds": [head],
        "campaign_violations": [(seed, *_breach(each)) for each in result.breaches],
        "campaign_strikes": [
            (seed, each.fault, each.name, each.kind, each.target, each.words, each.strikes) for each in result.strikes
        ],
        "campaign_sagas": [(seed, *each) for each in result.sagas],
        "campaign_quantiles": [
            (seed, each.kind, each.name, each.count, each.p50_ns, each.p90_ns, each.p99_ns, each.max_ns)
            for each in result.latencies
        ],
    }


def _breach(each: Any) -> tuple[str, str, int, str]:
    return each.invariant, each.mode, each.violations, each.first
