"""Look at what a world records while another thread records: what the log has, and nothing of what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.store import Log

if TYPE_CHECKING:
    from studio.records import Record
    from studio.simulation.live.playing import Playing

__all__ = ["Lookout"]


class Lookout:
    """Stand before a played run's buffer, for whoever reads.

    The thread that drives, and any thread while nobody drives, gets all that was recorded. Another one gets what has
    been handed to the log: the driver does that several times a second, and before an act returns.

    Args:
        playing: The run.
        log: Where it is recorded.
    """

    def __init__(self, playing: Playing, log: Log) -> None:
        self._playing, self._log, self._buffer = playing, log, playing.buffer
        self.run = playing.buffer.run

    @property
    def _is_ours(self) -> bool:
        driver = self._playing.driver
        return driver.is_here or not driver.is_running

    @property
    def count(self) -> int:
        """How many records a look sees, once it has flushed."""
        return self._buffer.count if self._is_ours else self._log.shelf.row(self.run).records

    def counts(self) -> dict[str, int]:
        """Return how many records of each table there are."""
        return self._buffer.counts() if self._is_ours else dict(self._log.shelf.row(self.run).counts)

    def since(self, seq: int) -> list[Record] | None:
        """Return the records from one on, where none of them has left for the log yet and they may be touched."""
        return self._buffer.since(seq) if self._is_ours else None

    def flush(self) -> None:
        """Hand over what a look is to see."""
        driver = self._playing.driver
        if driver.is_here:
            self._buffer.flush()
        elif not driver.is_running:
            driver.do(self._buffer.flush)
