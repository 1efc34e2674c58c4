"""Show what has happened in a played run, and check its invariants: the log seen through a `Lookout`."""

from __future__ import annotations

from typing import Any

from studio.graph.system import Build
from studio.simulation.checking.verdict import Verdict
from studio.simulation.live.lookout import Lookout
from studio.simulation.live.playing import Playing
from studio.simulation.run import Run
from studio.store import Log

__all__ = ["Sight"]


class Sight:
    """Look at a played run.

    Args:
        playing: The run.
        build: What runs.
        log: Where it is recorded.
    """

    def __init__(self, playing: Playing, build: Build, log: Log) -> None:
        self._playing, self._build, self._log = playing, build, log
        self._lookout = Lookout(playing, log)
        self._run: Run | None = None
        self._seen: object = None
        self._verdict: Verdict | None = None

    @property
    def run(self) -> Run:
        """Return everything that has happened; it goes on until the world ends."""
        playing = self._playing
        seen = (len(playing.cluster.harm.plan), playing.is_ended, self._verdict is None)
        if self._run is None or seen != self._seen:
            self._run, self._seen = self._made(), seen
        return self._run

    def _made(self) -> Run:
        playing, plan = self._playing, self._playing.cluster.harm.plan
        if playing.is_ended:
            log = self._log.run(playing.buffer.run)
            return Run(log, self._build, plan, **self._checks(), case=playing.case)
        return Run(self._log.live(self._lookout), self._build, plan, **self._checks(), progress=self._progress)

    def check(self) -> None:
        """Check every invariant now, those that must hold eventually too.

        Raises:
            InvariantFailed: One cannot be evaluated (or InvalidQuery); the others are checked all the same.
        """
        playing = self._playing
        if self._verdict is None:
            self._verdict = Verdict(self.run, playing.buffer)
        self._verdict.check(playing.loop.now_ns, finally_=True)
        if self._verdict.failure is not None:
            raise self._verdict.failure

    def _checks(self) -> dict[str, Any]:
        """Return what a run is told of the invariants that were checked."""
        verdict = self._verdict
        if verdict is None:
            return {"checked": (), "unfed": (), "promised": ()}
        return {"checked": verdict.checked, "unfed": verdict.unfed, "promised": verdict.promised}

    def _progress(self) -> tuple[int, int]:
        return self._playing.loop.now_ns, self._playing.buffer.count
