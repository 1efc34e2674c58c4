"""A run that is played: the cluster, what was done to it, who drives it. `World` is its face.

It knows nothing of the face, so that a world nobody holds any more can end.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from studio.errors import StudioError, WorldClosed, WorldDied, WorldNotRunning
from studio.model.by_hand import SCHEDULED, act_from
from studio.model.duration import format_ns
from studio.simulation.case import Case
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.live.driver import Driver
from studio.simulation.live.free_instant import grid_ns, next_whole_ns, reach_free_instant
from studio.simulation.live.hands import Answer, Hands
from studio.simulation.live.porter import Porter
from studio.simulation.live.script import Script
from studio.simulation.virtual.loop import VirtualLoop
from studio.source.zone import utc_zone
from studio.store import Buffer
from studio.store.shelf import Status

__all__ = ["Playing", "State"]

State = Literal["by hand", "running", "paused", "closed", "died"]
"""How a world stands: moved by what is done to it, running by itself, halted on the way, ended, ended by an error."""
PATIENCE_S = 5.0
"""How long the end of the process waits for the driver."""


class Playing:
    """Play a run.

    Args:
        hands: What acts on its cluster.
        buffer: Where its records go.
        case: What it was given when it began.
    """

    def __init__(self, hands: Hands, buffer: Buffer, case: Case) -> None:
        self.hands, self.buffer = hands, buffer
        self.cluster: Cluster = hands.cluster
        self.loop: VirtualLoop = hands.cluster.loop
        self.driver = Driver(self)
        self._porter = Porter(buffer)
        self.script = Script(buffer)
        self.failure: StudioError | None = None
        self._case = case
        self._is_paused = False
        self.is_ended = False

    # -- looking; any thread ----------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Return how it stands."""
        if self.failure is not None:
            return "died"
        if self.loop.is_closed():
            return "closed"
        if self.driver.is_running:
            return "running"
        return "paused" if self._is_paused else "by hand"

    @property
    def case(self) -> Case:
        """Return what repeats the run as far as it has come."""
        return replace(self._case, script=self.script.acts, duration_ns=self.loop.now_ns)

    # -- acting; any thread -----------------------------------------------------------------------------------------

    def act(self, verb: str, given: dict[str, Any]) -> Answer:
        """Do something to the world and keep it in the script.

        Returns:
            What came of it; in a world that runs, what will.
        """
        return self.driver.do(lambda: self._act(verb, given))

    def _act(self, verb: str, given: dict[str, Any]) -> Answer:
        self.demand_open()
        return self._act_on_the_way(verb, given) if self.driver.is_here else self._act_at_rest(verb, given)

    def _act_on_the_way(self, verb: str, given: dict[str, Any]) -> Answer:
        """Act on a world that runs: at a free instant, which is over when this returns."""
        at_ns = reach_free_instant(self.hands, verb, given, self._grid_ns)
        act = act_from(at_ns, verb, given)
        self.script.append(act)
        answer = self.hands.perform(act)
        if verb in SCHEDULED:
            self.hands.run_until_ns(at_ns)
        if answer.is_done:
            self.flush()  # so that who has the answer finds in the log what came of it; else that is done later
        return answer

    def _act_at_rest(self, verb: str, given: dict[str, Any]) -> Answer:
        """Act on a world that waits for it: where it stands, once the instant is finished."""
        with utc_zone():
            self.hands.finish_instant()
            act = act_from(self.loop.now_ns, verb, given, waits=True)
            self.script.append(act)
            try:
                return self.hands.perform(act)
            except KeyboardInterrupt:
                self.hands.finish_instant()
                self.script.break_off(self.loop.now_ns)
                raise

    def do(self, verb: str, given: dict[str, Any]) -> Any:
        """Do something between two instants, and return what comes of it."""
        return self.answer(self.act(verb, given))

    def answer(self, answer: Answer) -> Any:
        """Wait for what comes of an act, and return it or raise it; an interrupt ends the waiting, not the world.

        Raises:
            WorldNotRunning: The world was stopped before the answer was there.
        """
        while not answer.is_done:
            self.demand_open()
            if self.state == "by hand":
                raise WorldNotRunning(state=self.state)
            self.driver.look_in(lambda: answer.is_done)
        if answer.task is not None and self.state == "running":
            self.driver.do(self.flush)
        return answer.result()

    def wait_until_ns(self, deadline_ns: int) -> None:
        """Return when a world that runs has come to an instant."""
        while self.loop.now_ns < deadline_ns:
            self.demand_open()
            if self.state != "running":
                raise WorldNotRunning(state=self.state)
            self.driver.look_in(lambda: self.loop.now_ns >= deadline_ns)

    @property
    def _grid_ns(self) -> int:
        metronome = self.driver.metronome
        return grid_ns(None if metronome is None else metronome.speed)

    def demand_sound(self) -> None:
        """Raise what went wrong while time passed for an act: it is the world's, not only its who asked for that."""
        if self.hands.trouble is not None:
            raise self.hands.trouble

    def demand_open(self) -> None:
        """Refuse to act where there is nothing any more.

        Raises:
            WorldDied: It ended by an error, which is named.
            WorldClosed: It was closed.
        """
        while self.failure is not None and self.driver.is_running and not self.driver.is_here:
            self.driver.look_in(lambda: not self.driver.is_running)  # until its records are in the log
        if self.failure is not None:
            reason = str(self.failure).splitlines()[0]
            raise WorldDied(now=format_ns(self.loop.now_ns), reason=reason) from self.failure
        if self.loop.is_closed():
            raise WorldClosed

    # -- running ----------------------------------------------------------------------------------------------------

    def start(self, speed: float | None) -> None:
        """Let it run by itself."""
        with self.driver.turn():
            self.demand_open()
            if not self.driver.is_running:
                self.hands.trouble = None  # what went wrong by hand has been told
            self.driver.start(speed)
            self._is_paused = False

    def halt(self, *, is_paused: bool) -> None:
        """Let it stand still; `is_paused` where it is to be resumed."""
        with self.driver.turn():
            self.demand_open()
            self._is_paused = is_paused  # before it halts: nobody is to see it as what it is not
            self.driver.halt()
            self.demand_open()

    def run_until_ns(self, deadline_ns: int) -> bool:
        """Run everything until an instant; False when stopped before."""
        timetable = self.hands.timetable
        next_ns = timetable.next_ns()
        if next_ns is None or next_ns > deadline_ns:
            self.loop.now_ns = max(self.loop.now_ns, deadline_ns)  # nothing happens, so nothing needs a drive
            return True
        return timetable.run_until_ns(deadline_ns)

    def next_ns(self) -> int | None:
        """Return the next instant at which something happens; None where nothing ever will."""
        return self.hands.timetable.next_ns()

    def flush(self) -> None:
        """Hand records to the log, as far as it takes them now; `buffer.failure` says why not."""
        self.buffer.offer()

    def send_records(self) -> None:
        """Let records go to the log, and go on meanwhile."""
        self._porter.send()

    def come_to_rest(self) -> None:
        """Go on to an instant that people can read, and write down that it is there that the driver has stopped."""
        self.hands.run_until_ns(next_whole_ns(self.loop.now_ns, self._grid_ns))
        self.script.rest_at(self.loop.now_ns)
        self.flush()

    def die(self, error: BaseException) -> None:
        """End a run that cannot be driven any more."""
        self.failure = _coded(error, self.loop.now_ns)
        with suppress(Exception):  # what the log does not take now, `close` offers again
            self.end("aborted")

    # -- the end ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the run, whatever its state; where the log does not take the rest, this can be tried again."""
        with self.driver.turn():
            if self.is_ended:
                return
            self._is_paused |= self.driver.is_running  # not stopped: who waits for an answer is told that it is closed
            self.driver.halt()
            self.driver.do(self._close)  # as one: no act may fall after the last

    def _close(self) -> None:
        if self.is_ended:  # it died while it was to halt
            return
        if self.failure is None and not self.loop.is_closed():
            self.script.close(self.loop.now_ns)
        self.end("aborted" if self.failure is not None or self.loop.aborted else "finished")

    def end(self, status: Status) -> None:
        """End the cluster and hand over the rest of the records; may be tried again where the log refuses them."""
        self.cluster.close()
        self.buffer.finish(status, end_ns=self.loop.now_ns, case=self.case.as_json())
        self.is_ended = True

    def end_quietly(self) -> None:
        """End it because nobody holds it any more, or because the process ends."""
        if not self.driver.halt(patience_s=PATIENCE_S):
            return
        with suppress(Exception):  # nobody is there to be told; where the process ends, what records need may be gone
            self.close()


def _coded(error: BaseException, now_ns: int) -> StudioError:
    """Return what ended a world as an error of ours."""
    if isinstance(error, StudioError):
        return error
    return WorldDied(now=format_ns(now_ns), reason=f"{type(error).__name__}: {error}")
