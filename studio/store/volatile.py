"""Keep runs in memory only, for worlds that nobody wants to find tomorrow and for campaigns that keep what fails."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from studio.errors import UnknownCampaign, UnknownRun, nearest
from studio.records import TABLES
from studio.store.columns import Batch, text_series
from studio.store.schema import columns
from studio.store.shelf import Acts, RunInfo, RunRow, Status, Stretch

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MemoryShelf", "empty_frame"]

_BATCHES_MAX = 64  # more than that are merged: a frame of three rows weighs as much as one of a hundred


@dataclass(slots=True)
class _Kept:
    info: RunInfo
    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    records: int = 0
    status: Status = "running"
    end_ns: int = 0
    sha256: str = ""


class MemoryShelf:
    """A shelf that ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a world's thread writes while a page is read
        self._runs: dict[int, _Kept] = {}
        self._last = 0
        self._campaigns: list[dict[str, pl.DataFrame]] = []

    def begin(self, info: RunInfo) -> int:
        """Open a run and return its number."""
        with self._lock:
            self._last += 1
            self._runs[self._last] = _Kept(info)
            return self._last

    def append(self, run: int, batch: Batch, acts: Acts | None = None) -> None:
        """Add a batch, unless it is in already."""
        import polars as pl

        with self._lock:
            kept = self._kept(run)
            if acts is not None:
                self.keep_acts(run, acts)
            if batch.end <= kept.records:
                return
            for table, frame in batch.frames.items():
                frames = kept.frames.setdefault(table, [])
                frames.append(frame)
                if len(frames) > _BATCHES_MAX:
                    frames[:] = [pl.concat(frames, rechunk=True)]
            kept.names[batch.names_from :] = batch.names
            kept.records = batch.end

    def finish(self, run: int, status: Status, end_ns: int, sha256: str) -> None:
        """Close a run."""
        with self._lock:
            kept = self._kept(run)
            kept.status, kept.end_ns, kept.sha256 = status, end_ns, sha256

    def keep_case(self, run: int, case: str) -> None:
        """Keep what repeats a run; the single acts are in it."""
        with self._lock:
            kept = self._kept(run)
            kept.info, kept.acts = replace(kept.info, case=case), []

    def keep_acts(self, run: int, acts: Acts) -> None:
        """Keep what is done to a world that goes on."""
        first, texts = acts
        with self._lock:
            self._kept(run).acts[first:] = texts

    def acts(self, run: int) -> list[str]:
        """Return what was done to a world that has not ended."""
        with self._lock:
            return list(self._kept(run).acts)

    def impatient(self) -> MemoryShelf:
        """Return this shelf, which nobody else holds."""
        return self

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first."""
        with self._lock:
            return [self.row(run) for run in self._runs]

    def row(self, run: int) -> RunRow:
        """Return one run."""
        with self._lock:
            kept = self._kept(run)
            counts = {table: sum(map(len, kept.frames[table])) for table in TABLES if table in kept.frames}
            return RunRow(run, kept.info, kept.status, kept.end_ns, kept.records, counts, kept.sha256)

    def delete(self, runs: list[int]) -> None:
        """Forget runs with all their records."""
        with self._lock:
            for run in runs:
                self._kept(run)
            for run in runs:
                self._runs.pop(run, None)

    def read(self, run: int, wanted: Mapping[str, int], until: int | None = None) -> Stretch:
        """Return raw rows."""
        with self._lock:
            kept = self._kept(run)
            frames = {
                table: _within(table, kept.frames.get(table, []), first, until) for table, first in wanted.items()
            }
            return Stretch(frames, text_series("names", kept.names), kept.records)

    def names_from(self, run: int, first: int) -> list[str]:
        """Return the names of a run from an id on, so that who reads along need not take all of them each time."""
        with self._lock:
            return self._kept(run).names[first:]

    def add_campaign(self, frames: Mapping[str, pl.DataFrame]) -> int:
        """Keep a campaign's tables and return its number."""
        self._campaigns.append(dict(frames))
        return len(self._campaigns)

    def campaigns(self) -> int:
        """Return how many campaigns there are; their numbers count from 1."""
        return len(self._campaigns)

    def campaign(self, number: int) -> Mapping[str, pl.DataFrame]:
        """Return the tables of a campaign."""
        if not 0 < number <= len(self._campaigns):
            known = map(str, range(1, len(self._campaigns) + 1))
            raise UnknownCampaign(campaign=number, known=nearest(str(number), known))
        return self._campaigns[number - 1]

    def _kept(self, run: int) -> _Kept:
        if run not in self._runs:
            raise UnknownRun(run=run, known=nearest(str(run), map(str, self._runs)))
        return self._runs[run]


def _within(table: str, frames: list[pl.DataFrame], first: int, until: int | None) -> pl.DataFrame:
    import polars as pl

    fitting = [frame for frame in frames if frame["seq"][-1] >= first and (until is None or frame["seq"][0] < until)]
    found = pl.concat(fitting) if fitting else empty_frame(table)
    if len(found) and (found["seq"][0] < first or (until is not None and found["seq"][-1] >= until)):
        end = found["seq"][-1] + 1 if until is None else until
        found = found.filter((pl.col("seq") >= first) & (pl.col("seq") < end))
    return found


def empty_frame(table: str) -> pl.DataFrame:
    """Return a raw frame of a table, without rows."""
    import polars as pl

    kinds = {"integer": pl.Int64, "unsigned": pl.UInt64, "real": pl.Float64, "name": pl.UInt32, "text": pl.String}
    return pl.DataFrame(schema={"seq": pl.Int64} | {column.name: kinds[column.kind] for column in columns(table)})
