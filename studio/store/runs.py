"""Compare runs: find the first record in which two of them differ, and say both sides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from studio.records import UNCOMPARED, Record, canonical
from studio.store.columns import records_of
from studio.store.reader import RunLog

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Difference", "compare"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two runs part.

    Attributes:
        seq: Place in both runs, from 0.
        first: What happened there in the one; None when it had ended.
        second: What happened there in the other.
    """

    seq: int
    first: Record | None
    second: Record | None

    def __str__(self) -> str:
        return f"the runs differ at record {self.seq}:\n  first:  {self.first}\n  second: {self.second}"


def compare(first: RunLog, second: RunLog) -> Difference | None:
    """Return the first record, in the canonical order, in which two runs differ; None when they are equal.

    Reads both runs in stretches of bounded size, so that runs of any length are compared in little memory.

    Args:
        first: One run.
        second: Another, in the same log or not.
    """
    if first.row.sha256 and first.row.sha256 == second.row.sha256:
        return None
    before = 0
    nothing: dict[str, pl.DataFrame] = {}
    for one, other in zip_longest(first.windows(), second.windows(), fillvalue=nothing):
        if _same(one, other):
            before += sum(map(len, one.values()))
            continue
        pairs = zip_longest(records_of(one), records_of(other))
        for seq, (left, right) in enumerate(pairs, before):
            if left is None or right is None or canonical([left]) != canonical([right]):
                return Difference(seq, left, right)
        before = seq + 1
    return None


def _same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> bool:
    if one.keys() != other.keys():
        return False
    return all(
        frame.drop(UNCOMPARED, strict=False).equals(other[table].drop(UNCOMPARED, strict=False))
        for table, frame in one.items()
    )
