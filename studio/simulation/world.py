"""A world to play: send a message, let time pass, crash something, look; by hand, or while it runs in the background.

No `await`: each call drives virtual time until its answer is there, or waits for it where the world runs by itself.
What happens is recorded as in any run, and what is done is kept in a script, so that the run can be repeated.
"""

from __future__ import annotations

import json
import types
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from studio.address import Address
from studio.errors import NotStuck, UndeclaredError
from studio.graph.system import Build, System
from studio.model.delivery import check_bus
from studio.model.duration import duration_ns
from studio.model.fault import Fault, plan_to
from studio.model.faults.process_faults import crash
from studio.model.scenario import Scenario
from studio.model.workload import Process, Rate, workload_of
from studio.simulation.case import BY_HAND
from studio.simulation.current import build_of, set_latest
from studio.simulation.explanation import explained
from studio.simulation.faces import show
from studio.simulation.harming.swarming import drawn
from studio.simulation.live.hands import FOREVER_NS
from studio.simulation.live.message_body import body_of, documents_to
from studio.simulation.live.opened_run import open_run
from studio.simulation.live.pacing import Pacing
from studio.simulation.live.played_run import PlayedRun
from studio.simulation.live.workload_json import workload_to
from studio.simulation.logbook import default_log
from studio.simulation.run import Run
from studio.simulation.stage import scenario_of
from studio.simulation.targets import check_plan
from studio.simulation.virtual.shield import load_engine
from studio.store import Log

if TYPE_CHECKING:
    import polars as pl

    from studio.model.distribution import Zipf
    from studio.simulation.cluster.http import Browser

__all__ = ["World", "world"]


class World(PlayedRun):
    """A running system in virtual time; see `world`. Any thread may use it.

    Args:
        build: What runs.
        scenario: What stands before the run and how long things take.
        seed: Decides all chance.
        faults: In force from the start.
        log: Where records go.
        play: Whether the scenario's workloads and faults are played too.
    """

    def __init__(
        self,
        build: Build,
        scenario: Scenario,
        seed: int,
        faults: Sequence[Fault | Mapping[str, Any]],
        log: Log,
        *,
        play: bool = False,
    ) -> None:
        self.seed = seed
        if load_engine():  # writing records takes it; while the process ends it cannot be loaded
            raise KeyboardInterrupt
        super().__init__(build, open_run(build, scenario, seed, faults, log, play=play), log)
        # Closed too when it is dropped, or when the process ends: suspended frames must not unwind into a live world.
        self._end = weakref.finalize(self, self._playing.end_quietly)
        self._cluster = self._playing.cluster
        self._pacing = Pacing(self._playing)
        set_latest(self)

    # -- messages ---------------------------------------------------------------------------------------------------

    def send(self, address: Address | str, message: Any, *, principal: str = "") -> Any:
        """Call a command and return its answer, or publish an event; time passes until then.

        Raises:
            UnknownAddress: It is neither.
            InvalidMessage: The message is none of the address's contract.
            ServiceError: The declared error that a command answered with.
        """
        if self.build.graph.demand(str(address)) == "command":
            return self.call(address, message, principal=principal)
        return self._ask("send", str(address), message, principal=principal)

    def call(self, address: Address | str, message: Any, *, timeout: str | None = None, principal: str = "") -> Any:
        """Call a command and return its answer.

        Raises:
            UnknownAddress: It is no command.
            InvalidMessage: The message is none of the address's contract.
            ServiceError: The declared error that it answered with.
            UndeclaredError: It failed otherwise; says with what, and at which line.
        """
        self._cluster.program.operation(str(address))
        return self._ask("call", str(address), message, principal=principal, timeout=timeout)

    def publish(self, address: Address | str, message: Any, *, key: str | None = None) -> None:
        """Publish an event, and return when the bus has stored it; `settle` lets it be handled."""
        self._cluster.program.event(str(address))
        self._ask("publish", str(address), message, key=key)

    def _ask(self, verb: str, address: str, message: Any, **options: Any) -> Any:
        """Send a message and wait for what comes of it."""
        self._playing.demand_open()
        sent = {"address": address, "body": json.loads(body_of(self.build, address, message))}
        is_plain = self.state == "running" and not any(each not in (None, "") for each in options.values())
        answer = self._playing.act("message", sent) if is_plain else self._playing.act(verb, sent | options)
        try:
            return self._playing.answer(answer)
        except UndeclaredError as error:
            raise explained(error, self.run, answer.trace) from None

    @property
    def http(self) -> Browser:
        """Return a client of the services' endpoints: `world.http.get("/stock/tea").json()`."""
        from studio.simulation.cluster.http import Browser

        return Browser(self._cluster, self._playing.hands.outside, _drive_not, self._playing.do)

    # -- workloads --------------------------------------------------------------------------------------------------

    def workload(  # noqa: PLR0913 - the words of a scenario's line
        self,
        address: Address | str,
        messages: Sequence[Any] = (),
        *,
        rate_per_s: Rate = 0.0,
        arrivals: Process = "poisson",
        burst: str | None = None,
        calm: str | None = None,
        factor: float | None = None,
        like: Any = None,
        count: int = 0,
        skew: Mapping[str, Zipf] | None = None,
        at: str = "0s",
        until: str = "",
        every: str = "0s",
        **changes: Any,
    ) -> int:
        """Let messages arrive from now on, as a scenario's `workload` does, and return the number of the workload.

        Args:
            address: Event to publish or command to call.
            messages: A list to send; the other words are those of `workload(...)` in a scenario.
            rate_per_s: Mean arrivals per second of virtual time, or steps.
            arrivals: `poisson`, `fixed` or `bursty`.
            burst: Mean length of a burst.
            calm: Mean length of what lies between two bursts.
            factor: How many times the calm's rate a burst has.
            like: Contract, or an example message.
            count: Stop after so many.
            skew: Field path to a skewed choice.
            at: First instant since the run began; what is past means now.
            until: Last instant since the run began; by default as long as the world.
            every: Interval between messages where there is no rate.
            changes: Fields to fix in made messages.

        Raises:
            UnknownAddress: The address is neither event nor command.
            InvalidWorkload: It says nothing, or what contradicts itself.
        """
        made = workload_of(
            address, messages, rate_per_s=rate_per_s, arrivals=arrivals, burst=burst, calm=calm, factor=factor,
            like=like, count=count, skew=skew, from_ns=max(duration_ns(at), self.now_ns),
            until_ns=duration_ns(until) if until else FOREVER_NS, every=every, changes=changes,
        )  # fmt: skip
        self.build.graph.demand(made.address)
        number: int = self._playing.do("workload", {"workload": workload_to(self.build, made)})
        return number

    def end_workload(self, number: int) -> Self:
        """Let nothing more arrive from a workload.

        Raises:
            NotInForce: It has ended, or there is none of that number.
        """
        self._playing.hands.demand_workload(number)
        self._playing.do("end_workload", {"number": number})
        return self

    # -- time -------------------------------------------------------------------------------------------------------

    def advance(self, duration: str) -> Self:
        """Let time pass: everything that is due happens, jobs and health checks too.

        A world that runs by itself is waited for, at its pace: at a speed of 10, half a minute takes three seconds. An
        interrupt ends the waiting, and the world runs on; its `repr` says how far it is. A world that was halted goes
        on by so much, as fast as it can, and stays halted.

        Raises:
            WorldNotRunning: It was halted while it was waited for.
        """
        self._pacing.advance(duration)
        return self

    def settle(self, limit: str = "10m") -> Self:
        """Let everything happen that follows from what was done; jobs and health checks rest meanwhile.

        A world that runs by itself halts for it, settles as fast as it can, and then goes on; also after an interrupt,
        but not where somebody has paused or stopped it meanwhile.
        What workloads will still send counts as what follows, so that one without an end keeps a world busy until the
        limit.

        Args:
            limit: Longest time to wait for that; when it is over, the log says what is still under way.
        """
        self._pacing.settle(limit)
        return self

    def start(self, speed: float | None = 1.0) -> Self:
        """Let the world run in the background, in a thread of its own, until it is halted, stopped or closed.

        What is done to it meanwhile, from any thread, falls between two virtual instants, on a whole millisecond where
        one is free: `send` and `call` wait for their answer, at the world's pace, and an interrupt ends that waiting,
        not the world. Records reach the log several times a second, and before an act returns; a look shows what the
        log has. A log in memory grows by a few hundred bytes a record: give a world that runs for hours a file.

        While it runs the process's local time zone is UTC, since simulated code may ask for it. A machine that cannot
        keep up lets the world go as fast as it can: `pace` says how fast that is.

        Args:
            speed: Virtual seconds per second, such as 10; None for as fast as it can. Started again, it changes pace.

        Raises:
            InvalidPace: It is neither.
        """
        self._pacing.start(speed)
        return self

    def pause(self) -> Self:
        """Halt a world that runs, within a millisecond of its time; `resume` lets it go on, `step` goes on a little.

        Meanwhile it is as one that is played by hand: `send` lets time pass until its answer is there. Of one that is
        halted it asks nothing: threads, pages and cells may pause and resume at once, and the last of them counts.

        Raises:
            WorldNotRunning: It was not started, or stopped since.
        """
        self._pacing.pause()
        return self

    def resume(self, saga: str | None = None) -> Self:
        """Let a world that was halted go on, as one that runs does; or, given a stuck saga instance, let that go on.

        Args:
            saga: Instance, such as `OrderProcessing/7`; None for the world itself.

        Raises:
            WorldNotRunning: It was not started, or stopped since.
            UnknownSagaInstance: There is none of that id.
        """
        if saga is not None:
            return self._operate("resume", saga)
        self._pacing.resume()
        return self

    def step(self, duration: str | None = None) -> Self:
        """Go on a little; a world that runs halts first.

        Args:
            duration: How far; None for the next instant at which something happens.
        """
        self._pacing.step(duration)
        return self

    def stop(self) -> Self:
        """Let the world run by itself no more; it can be played by hand from here on. A second time asks nothing."""
        self._pacing.stop()
        return self

    @property
    def speed(self) -> float | None:
        """Return the virtual seconds per second that are asked for; None for as fast as it can."""
        return self._pacing.speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        self._pacing.speed = speed

    @property
    def pace(self) -> float:
        """Return the virtual seconds per second that pass in fact, over the last two seconds; 0 where it halts."""
        return self._pacing.pace

    @property
    def is_behind(self) -> bool:
        """Whether the machine cannot keep up with the speed that is asked for."""
        return self._pacing.is_behind

    # -- harm -------------------------------------------------------------------------------------------------------

    def crash(self, target: str, *, replica: int = 1, down_for: str = "1s") -> Self:
        """Kill a replica now, and start it again after a time.

        In a world that runs by itself it is a fault of the plan as any other: it is listed in `faults`, and `as_cell`
        declares it.

        Args:
            target: Service or saga.
            replica: From 1.
            down_for: Until its next incarnation starts.
        """
        if self.state == "running":
            return self.inject(crash(target, replica=replica, down_for=down_for))
        duration_ns(down_for)
        self._playing.do("crash", {"target": target, "replica": replica, "down_for": down_for})
        return self

    def inject(self, *faults: Fault | Mapping[str, Any]) -> Self:
        """Put faults in force from now on: `world.inject(lose("cards", leg="reply", occurrence=1))`."""
        self._playing.demand_open()
        plan = drawn(self.build.graph, faults, self.seed, duration_ns(Scenario(BY_HAND).duration))
        check_plan(self.build, plan)
        self._playing.do("inject", {"faults": plan_to(plan)})
        return self

    def lift(self, fault: int | Fault) -> Self:
        """Take a fault back from now on; what it did stays done.

        Args:
            fault: Its number in `world.faults`, or the fault itself.

        Raises:
            NotInForce: It is over, or there is none such.
        """
        number = self._playing.hands.demand_fault(fault)
        self._playing.do("lift", {"fault": number})
        return self

    def given(self, target: str, values: Sequence[Any]) -> Self:
        """Put documents into a collection: `world.given("Inventory.stock", [StockLevel(sku="tea", quantity=5)])`."""
        self._playing.demand_open()
        self._playing.do("given", {"target": target, "values": documents_to(self.build, target, values)})
        return self

    # -- looking ----------------------------------------------------------------------------------------------------

    def check(self) -> pl.DataFrame:
        """Check every invariant now, those that must hold eventually too; return the violations so far.

        Raises:
            InvariantFailed: One cannot be evaluated (or InvalidQuery); the others are checked all the same.
        """
        self._playing.do("check", {})
        return self.run.violations

    def controls(self) -> Any:
        """Return controls for a notebook's cell: pace, faults, a form for each message, what the world does now.

        Raises:
            NoFrontEnd: Studio's extension is not loaded, or there is no notebook.
        """
        return show("controls", self)

    def dashboard(self, **options: Any) -> Any:
        """Return this world's dashboard, as a notebook's cell shows it.

        Args:
            options: As `%dashboard` takes them.

        Raises:
            NoFrontEnd: Studio's extension is not loaded, or there is no notebook.
        """
        return show("dashboard", self, **options)

    # -- operators --------------------------------------------------------------------------------------------------

    def cancel(self, saga: str) -> Self:
        """Cancel a saga instance: before its pivot it is undone, after it carried through."""
        return self._operate("cancel", saga)

    def abandon(self, saga: str) -> Self:
        """Give a stuck saga instance up for good, as it stands.

        Raises:
            NotStuck: It is not stuck.
            UnknownSagaInstance: There is none of that id.
        """
        if not self._playing.do("abandon", {"saga": saga}):
            raise NotStuck(saga=saga)
        return self

    def redeliver(self, message: int, *, consumer: str = "") -> Self:
        """Give a dead letter back to whoever gave it up, to be tried as if it were new.

        Args:
            message: Id of the event, the column `message` of the deliveries that are `dead-lettered`.
            consumer: Service or saga that gave it up, or `Service.subscription`; by default all that did.

        Raises:
            NothingToRedeliver: It is no dead letter of theirs.
        """
        self._playing.do("redeliver", {"message": message, "consumer": consumer})
        return self

    def _operate(self, verb: str, saga: str) -> Self:
        self._playing.do(verb, {"saga": saga})
        return self

    # -- the end ----------------------------------------------------------------------------------------------------

    def close(self) -> Run:
        """End the world and return its run; nothing more can be done in it. A second time returns the run again."""
        self._playing.close()  # when the log cannot take the rest, this can be tried again
        self._end.detach()
        return self.run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state: str = self.state
        if state == "running":
            state += " as fast as it can" if self.speed is None else f" at {self.speed:g}×"
        told = "" if state == "closed" else f" at {self.now}"
        return f"World(seed={self.seed}, {state}{told}, {self._playing.buffer.count} records)"


def _drive_not(_: Any) -> Any:
    raise AssertionError("a world drives by acts")


def world(
    *,
    seed: int = 0,
    system: System | Build | None = None,
    scenario: str = "",
    faults: Sequence[Fault | Mapping[str, Any]] = (),
    bus: str | None = None,
    log: Log | None = None,
    play: bool = False,
) -> World:
    """Start a world to play: by hand, or in the background after `world.start(speed=10)`.

    Args:
        seed: Decides all chance.
        system: What runs; by default the notebook's.
        scenario: Takes documents, settings, network and service times from a declared scenario; by default none.
        faults: In force from the start.
        bus: Delivery model: `jetstream` (or the scenario's), `rabbitmq` or `kafka`.
        log: Where records go; by default the process's log.
        play: Whether what the scenario asks and what it breaks is played, too: workloads that last as long as it go on
            as long as the world.

    Example:
        world = studio.world(seed=7)
        world.send(S.Order.created, order)
        world.crash("Payment")
        world.advance("30s")
        world.trace()
    """
    build = build_of(system)
    chosen = scenario_of(build, scenario, seed) if scenario else Scenario(BY_HAND)
    if bus is not None:
        chosen.bus = check_bus(bus, what="world")
    return World(build, chosen, seed, faults, default_log() if log is None else log, play=play)
