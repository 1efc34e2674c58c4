"""A world to play by hand: send a message, let time pass, crash something, look.

No `await`: each call drives virtual time until its answer is there. What happens is recorded as in any run.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from studio.address import Address
from studio.errors import ServiceUnavailable, UndeclaredError, UnknownTarget, WorldClosed, nearest
from studio.graph.system import Build, System
from studio.model.delivery import check_bus
from studio.model.duration import duration_ns, format_ns, optional_ns
from studio.model.fault import Fault
from studio.model.scenario import Given, Scenario
from studio.ports import ACTING
from studio.runtime.acting import Handling
from studio.simulation.checking.verdict import Verdict
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.cluster.node import Node
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Timetable
from studio.simulation.current import build_of, set_latest
from studio.simulation.explanation import explained
from studio.simulation.faces import show
from studio.simulation.harming.swarming import drawn
from studio.simulation.logbook import default_log, info_of
from studio.simulation.run import Run
from studio.simulation.stage import conditions_of, furnish, scenario_of, set_up
from studio.simulation.targets import check_plan, collection_of
from studio.simulation.virtual.shield import load_engine
from studio.source.zone import utc_zone
from studio.store import Buffer, Log

if TYPE_CHECKING:
    import polars as pl

    from studio.observe.waterfall import Waterfall
    from studio.simulation.cluster.http import Browser

__all__ = ["World", "world"]


class World:
    """A running system in virtual time; see `world`.

    Args:
        build: What runs.
        scenario: What stands before the run and how long things take; its workloads and faults are not played.
        seed: Decides all chance.
        faults: In force from the start.
        log: Where records go.
    """

    def __init__(
        self, build: Build, scenario: Scenario, seed: int, faults: Sequence[Fault | Mapping[str, Any]], log: Log
    ) -> None:
        self.build, self.seed = build, seed
        self._log = log
        if load_engine():  # writing records takes it; while the process ends it cannot be loaded
            raise KeyboardInterrupt
        conditions = conditions_of(
            build, scenario, seed, drawn(build.graph, faults, seed, duration_ns(scenario.duration))
        )
        self._buffer = log.record(info_of(build, "", seed))
        with utc_zone():
            self._cluster = set_up(build, conditions, self._buffer, scenario.givens)
        # Closed too when it is dropped, or when the process ends: suspended frames must not unwind into a live world.
        self._end = weakref.finalize(self, _end_quietly, self._cluster, self._buffer)
        self._outside = Outside(self._cluster)
        self._timetable = Timetable(self._cluster)
        self._run: Run | None = None
        self._verdict: Verdict | None = None
        self._drive_until(self._cluster.loop.now_ns)
        set_latest(self)

    # -- messages ---------------------------------------------------------------------------------------------------

    def send(self, address: Address | str, message: Any, *, principal: str = "") -> Any:
        """Call a command and return its answer, or publish an event; time passes until then.

        Raises:
            UnknownAddress: It is neither.
            ServiceError: The declared error that a command answered with.
        """
        self._open()
        kind = self.build.graph.demand(str(address))
        if kind == "event":
            return self._complete(self._outside.send("world", str(address), message, principal=principal))
        return self.call(address, message, principal=principal)

    def call(self, address: Address | str, message: Any, *, timeout: str | None = None, principal: str = "") -> Any:
        """Call a command and return its answer.

        Raises:
            UnknownAddress: It is no command.
            ServiceError: The declared error that it answered with.
            UndeclaredError: It failed otherwise; says with what, and at which line.
        """
        self._open()
        handling = self._outside.handling("world", principal)
        try:
            return self._complete(self._call(handling, str(address), message, optional_ns(timeout)))
        except UndeclaredError as error:
            raise explained(error, self.run, handling.trace) from None

    def publish(self, address: Address | str, message: Any, *, key: str | None = None) -> None:
        """Publish an event, and return when the bus has stored it; `settle` lets it be handled."""
        self._complete(self._publish(str(address), message, key))

    async def _call(self, handling: Handling, address: str, message: Any, timeout_ns: int | None) -> Any:
        ACTING.set(handling)
        return await handling.call(address, message, timeout_ns=timeout_ns)

    async def _publish(self, address: str, message: Any, key: str | None) -> None:
        handling = self._outside.handling("world")
        ACTING.set(handling)
        await handling.publish(address, message, key=key)

    @property
    def http(self) -> Browser:
        """Return a client of the services' endpoints: `world.http.get("/stock/tea").json()`."""
        from studio.simulation.cluster.http import Browser

        return Browser(self._cluster, self._outside, self._complete)

    # -- time -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> str:
        """Return virtual time since the world began."""
        return format_ns(self._cluster.loop.now_ns)

    @property
    def now_ns(self) -> int:
        """Return virtual time in nanoseconds."""
        return self._cluster.loop.now_ns

    def advance(self, duration: str) -> Self:
        """Let time pass: everything that is due happens, jobs and health checks too."""
        self._drive_until(self._cluster.loop.now_ns + duration_ns(duration))
        return self

    def settle(self, limit: str = "10m") -> Self:
        """Let everything happen that follows from what was done; jobs and health checks rest meanwhile.

        Args:
            limit: Longest time to wait for that; when it is over, the log says what is still under way.
        """
        self._open()
        with utc_zone():
            rest = self._timetable.settle(self._cluster.loop.now_ns + duration_ns(limit))
        if rest == "busy":
            self._timetable.tell_busy(f"settle={limit}")
        return self

    # -- harm -------------------------------------------------------------------------------------------------------

    def crash(self, target: str, *, replica: int = 1, down_for: str = "1s") -> Self:
        """Kill a replica now, and start it again after a time.

        Args:
            target: Service or saga.
            replica: From 1.
            down_for: Until its next incarnation starts.
        """
        self._open()
        self._cluster.crash(self._node(target, replica), duration_ns(down_for), "by hand")
        return self

    def inject(self, *faults: Fault | Mapping[str, Any]) -> Self:
        """Put faults in force from now on: `world.inject(lose("cards", leg="reply", occurrence=1))`."""
        self._open()
        plan = drawn(self.build.graph, faults, self.seed, duration_ns(Scenario("(by hand)").duration))
        check_plan(self.build, plan)
        for fault in plan:
            self._cluster.inject(fault)
        self._run = None
        return self

    def given(self, target: str, values: Sequence[Any]) -> Self:
        """Put documents into a collection: `world.given("Inventory.stock", [StockLevel(sku="tea", quantity=5)])`."""
        self._open()
        if collection_of(self.build, Given(target, tuple(values))) is None:
            known = [f"{owner}.{name}" for owner, name in self._cluster.program.collections]
            raise UnknownTarget(what="given", target=target, known=nearest(target, known))
        furnish(self._cluster, target, values)
        return self

    # -- looking ----------------------------------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """Return the number of its run in the log; any thread may ask."""
        return self._buffer.run

    @property
    def recorded_in(self) -> Log:
        """Return the log that keeps its run."""
        return self._log

    @property
    def run(self) -> Run:
        """Return everything that has happened, as a run that goes on."""
        if self._run is None:
            log, plan = self._log.live(self._buffer), self._cluster.harm.plan
            self._run = Run(log, self.build, plan, **self._checks(), progress=self._progress)
        return self._run

    def check(self) -> pl.DataFrame:
        """Check every invariant now, those that must hold eventually too; return the violations so far.

        Raises:
            InvariantFailed: One cannot be evaluated (or InvalidQuery); the others are checked all the same.
        """
        self._open()
        if self._verdict is None:
            self._verdict = Verdict(self.run, self._buffer)
            self._run = None  # from now on it says what was checked
        self._verdict.check(self._cluster.loop.now_ns, finally_=True)
        if self._verdict.failure is not None:
            raise self._verdict.failure
        return self.run.violations

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

    def cancel(self, saga: str) -> Self:
        """Cancel a saga instance: before its pivot it is undone, after it carried through."""
        return self._operate(saga, "cancel")

    def resume(self, saga: str) -> Self:
        """Let a stuck saga instance go on."""
        return self._operate(saga, "resume")

    def close(self) -> Run:
        """End the world and return its run; nothing more can be done in it."""
        if self._end.alive:
            _end(self._cluster, self._buffer)  # when the log cannot take the rest, this can be tried again
            self._end.detach()
            log, plan = self._log.run(self._buffer.run), self._cluster.harm.plan
            self._run = Run(log, self.build, plan, **self._checks())
        return self.run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._cluster.loop.is_closed() else f"at {self.now}"
        return f"World(seed={self.seed}, {state}, {self._buffer.count} records)"

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._cluster.loop.is_closed():
            raise WorldClosed

    def _checks(self) -> dict[str, Any]:
        """Return what a run is told of the invariants that were checked."""
        verdict = self._verdict
        if verdict is None:
            return {"checked": (), "unfed": (), "promised": ()}
        return {"checked": verdict.checked, "unfed": verdict.unfed, "promised": verdict.promised}

    def _progress(self) -> tuple[int, int]:
        return self._cluster.loop.now_ns, self._buffer.count

    def _complete(self, work: Coroutine[Any, Any, Any], node: Node | None = None) -> Any:
        """Run something at a node, or outside, until it is done."""
        if self._cluster.loop.is_closed():
            work.close()
            raise WorldClosed
        with utc_zone():
            task = self._cluster.spawn(node, work, _nothing)
            self._cluster.loop.run_until_complete(task)
        return task.result()

    def _drive_until(self, deadline_ns: int) -> None:
        self._open()
        with utc_zone():
            self._timetable.run_until_ns(deadline_ns)

    def _operate(self, saga: str, verb: str) -> Self:
        """Have an operator's wish done by a running orchestrator, the one that carries the instance if it runs."""
        self._open()
        name = saga.partition("/")[0]
        if name not in self.build.graph.sagas:
            raise UnknownTarget(what=verb, target=saga, known=nearest(saga, self.sagas()["saga"].to_list()))
        running = [node for node in self._cluster.fleets[name].nodes if node.incarnation is not None]
        if not running:
            raise ServiceUnavailable(address=saga, service=name)
        node = next((node for node in running if node.replica.carries(saga)), running[0])
        self._complete(getattr(node.replica, verb)(saga), node)
        return self

    def _node(self, target: str, replica: int) -> Node:
        fleets = self._cluster.fleets
        if target not in fleets or not 1 <= replica <= len(fleets[target].nodes):
            known = [f"{owner} (replicas 1 to {len(fleet.nodes)})" for owner, fleet in fleets.items()]
            raise UnknownTarget(what=f"replica={replica}", target=target, known=nearest(target, known))
        return fleets[target].nodes[replica - 1]


def _nothing(_: Any) -> None:
    """Keep a task's error for who asks for its result."""


def _end(cluster: Cluster, buffer: Buffer) -> None:
    cluster.close()
    buffer.finish("aborted" if cluster.loop.aborted else "finished", end_ns=cluster.loop.now_ns)


def _end_quietly(cluster: Cluster, buffer: Buffer) -> None:
    cluster.close()
    with suppress(Exception):  # nobody is there to be told; and where the process ends, what records need may be gone
        _end(cluster, buffer)


def world(
    *,
    seed: int = 0,
    system: System | Build | None = None,
    scenario: str = "",
    faults: Sequence[Fault | Mapping[str, Any]] = (),
    bus: str | None = None,
    log: Log | None = None,
) -> World:
    """Start a world to play by hand.

    Args:
        seed: Decides all chance.
        system: What runs; by default the notebook's.
        scenario: Takes documents, settings, network and service times from a declared scenario; by default none.
        faults: In force from the start.
        bus: Delivery model: `jetstream` (or the scenario's), `rabbitmq` or `kafka`.
        log: Where records go; by default the process's log.

    Example:
        world = studio.world(seed=7)
        world.send(S.Order.created, order)
        world.crash("Payment")
        world.advance("30s")
        world.trace()
    """
    build = build_of(system)
    chosen = scenario_of(build, scenario, seed) if scenario else Scenario("(by hand)")
    if bus is not None:
        chosen.bus = check_bus(bus, what="world")
    return World(build, chosen, seed, faults, default_log() if log is None else log)
