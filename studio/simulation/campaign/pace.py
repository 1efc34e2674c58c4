"""Tell how far a campaign is: seeds done, seeds that broke a promise, rate, time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.simulation.campaign.seed_result import SeedResult

__all__ = ["CampaignProgress", "Pace"]


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """How far a campaign is.

    Attributes:
        done: Seeds that have been run.
        total: Seeds that were asked for.
        failed: Of those done, how many broke a promise or did not come to their end.
        rate_per_s: Seeds per second of the machine's time, over all so far.
        left_s: What that rate makes of the rest.
    """

    done: int
    total: int
    failed: int
    rate_per_s: float
    left_s: float

    def __str__(self) -> str:
        left = f"{self.left_s / 60:.0f} min" if self.left_s >= 90 else f"{self.left_s:.0f} s"
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.done:,} of {self.total:,} seeds{failed}, {self.rate_per_s:,.1f} seeds/s, {left} left"


class Pace:
    """Count results and tell whoever wants to know.

    Args:
        total: Seeds that were asked for.
        tell: Called after each.
    """

    def __init__(self, total: int, tell: Callable[[CampaignProgress], None] | None) -> None:
        self._total, self._tell = total, tell
        self._done = self._failed = 0
        self._begun_s = time.monotonic()

    def count(self, result: SeedResult) -> None:
        """Count one in."""
        self._done += 1
        self._failed += result.verdict != "held"
        if self._tell is not None:
            took_s = max(time.monotonic() - self._begun_s, 1e-9)
            rate_per_s = self._done / took_s
            left_s = (self._total - self._done) / rate_per_s
            self._tell(CampaignProgress(self._done, self._total, self._failed, rate_per_s, left_s))
