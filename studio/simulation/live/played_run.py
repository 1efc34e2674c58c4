"""Look at a run that is played, while it goes on and once it has ended: how it stands, its records, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.graph.system import Build
from studio.model.duration import format_ns
from studio.simulation.case import Case
from studio.simulation.live.in_force import StandingFault, StandingWorkload
from studio.simulation.live.playing import Playing, State
from studio.simulation.live.sight import Sight
from studio.simulation.run import Run
from studio.store import Log

if TYPE_CHECKING:
    import polars as pl

    from studio.observe.waterfall import Waterfall

__all__ = ["PlayedRun"]


class PlayedRun:
    """A run that is played, for whoever looks; any thread may. While it runs by itself, a look shows what the log has.

    Args:
        build: What runs.
        playing: The run.
        log: Where it is recorded.
    """

    def __init__(self, build: Build, playing: Playing, log: Log) -> None:
        self.build = build
        self._playing, self._log = playing, log
        self._sight = Sight(playing, build, log)
        playing.hands.check = self._sight.check

    @property
    def now(self) -> str:
        """Return virtual time since the world began."""
        return format_ns(self.now_ns)

    @property
    def now_ns(self) -> int:
        """Return virtual time in nanoseconds."""
        return self._playing.loop.now_ns

    @property
    def state(self) -> State:
        """Return how it stands: `by hand`, `running`, `paused`, `closed` or `died`."""
        return self._playing.state

    @property
    def failure(self) -> StudioError | None:
        """Return what the world died of, or why the log does not take its records for now; None where all is well."""
        return self._playing.failure or self._playing.buffer.failure

    @property
    def faults(self) -> tuple[StandingFault, ...]:
        """Return the faults of the plan by number, those too that are over."""
        return self._playing.hands.faults()

    @property
    def workloads(self) -> tuple[StandingWorkload, ...]:
        """Return the workloads from which messages still come."""
        return self._playing.hands.workloads()

    @property
    def number(self) -> int:
        """Return the number of its run in the log; any thread may ask."""
        return self._playing.buffer.run

    def hand_over(self) -> None:
        """Hand what was recorded to the log now, for whoever looks there; not while anybody acts, who does so after.

        A world that runs does it by itself.
        """
        playing = self._playing
        if playing.buffer.waiting and not playing.is_ended:
            playing.driver.do_at_rest(playing.flush)

    @property
    def recorded_in(self) -> Log:
        """Return the log that keeps its run."""
        return self._log

    @property
    def run(self) -> Run:
        """Return everything that has happened, as a run that goes on."""
        return self._sight.run

    @property
    def case(self) -> Case:
        """Return what repeats the run as far as it has come: `studio.simulate(world.case)`."""
        return self._playing.case

    def as_cell(self, name: str = "played") -> str:
        """Return a scenario cell whose run has the records of this world so far.

        What came while the world ran by itself (messages, workloads, faults, crashes) is declared at its instant, and
        can be edited; whatever else was done stands there as done by hand.

        Args:
            name: Of the scenario.

        Example:
            print(world.as_cell("outage"))
        """
        from studio.simulation.live.played_cell import played_cell

        return played_cell(self.build, self.case, name)

    def trace(self, which: int | str | None = None) -> Waterfall:
        """Return a trace as a waterfall: by number, saga or key; None takes the latest that came from outside."""
        if which is None:
            found = self.run.sql("select max(trace) as trace from messages where sender = 'world'")
            which = int(found["trace"][0] or 0)
        return self.run.trace(which)

    def sql(self, text: str, **parameters: Any) -> pl.DataFrame:
        """Ask anything of what has happened, in SQL."""
        return self.run.sql(text, **parameters)

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection, `Inventory.stock`, by key."""
        return self.run.collection(name)

    def sagas(self) -> pl.DataFrame:
        """Return the saga instances."""
        return self.run.sagas

    def log(self) -> pl.DataFrame:
        """Return the log lines of handlers."""
        return self.run.logs
