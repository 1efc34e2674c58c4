"""Engine A: run a build in virtual time: replicas as incarnations, a network, a broker, third parties, crashes, jobs.

It implements the ports for the runtime and knows nothing of scenarios or displays; `world` plays it by hand, `simulate`
runs scenarios on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from studio.graph.system import Build
from studio.model.distribution import Distribution, distribution
from studio.model.fault import Fault
from studio.model.faults.delivery_faults import Poison
from studio.model.faults.process_faults import CrashPoint
from studio.model.phases import ALWAYS, Phases
from studio.model.service import Service
from studio.model.third_party import External
from studio.ports import Envelope, Ports, Recorder, Verdict, Write
from studio.records import Life
from studio.runtime.program import Program, compile_program
from studio.runtime.replica import Replica
from studio.runtime.saga.orchestrator import SagaReplica
from studio.simulation.brokers.broker import Broker
from studio.simulation.brokers.consumer import Consumer
from studio.simulation.cluster.adapters import (
    GivenSettings,
    HashedRandomness,
    Ordinals,
    SimulatedDirectory,
    SimulatedPoints,
    VirtualClock,
)
from studio.simulation.cluster.complaints import Complaints, raise_error
from studio.simulation.cluster.links import Links, SimulatedTransport
from studio.simulation.cluster.memory import MemoryStorage
from studio.simulation.cluster.node import Fleet, Node
from studio.simulation.cluster.surroundings import Surroundings, run_sync
from studio.simulation.cluster.third_parties import ThirdParties
from studio.simulation.harming.harm import Harm
from studio.simulation.harming.hazards import Hazards
from studio.simulation.harming.process_harm import ProcessHarm
from studio.simulation.randomness import stable_key
from studio.simulation.virtual.incarnation import INCARNATION, Incarnation
from studio.simulation.virtual.loop import VirtualLoop
from studio.simulation.virtual.task import HandlerTask
from studio.source.ambient import AMBIENT

__all__ = ["Cluster", "Conditions"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a run is given besides the code.

    Attributes:
        seed: Decides all chance.
        plan: Faults.
        network: Latency of one leg.
        service_times: By address or owner.
        settings: And secrets, by name.
        bus: Delivery model.
        phases: When faults may strike.
    """

    seed: int = 0
    plan: tuple[Fault, ...] = ()
    network: Distribution = field(default_factory=lambda: distribution("1ms"))
    service_times: Mapping[str, Distribution] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    bus: str = "jetstream"
    phases: Phases = ALWAYS


@dataclass(slots=True, eq=False)
class Host:
    """A third party that runs."""

    external: External
    fleet: Fleet
    replica: Replica


class Cluster:
    """A build that runs.

    Args:
        build: What runs.
        conditions: Seed, faults, latencies.
        recorder: Takes the records; None switches recording off.
    """

    def __init__(self, build: Build, conditions: Conditions, recorder: Recorder | None) -> None:
        self.build, self.conditions, self.recorder = build, conditions, recorder
        self.program: Program = compile_program(build)
        self.seed, self.latency = conditions.seed, conditions.network
        self.loop = VirtualLoop(conditions.seed)
        self.loop.run_sync = run_sync
        self.harm = Harm(conditions.plan, self.loop, conditions.seed, recorder, conditions.phases)
        self.processes = ProcessHarm(self)
        self.identity = Ordinals()
        self.storage = MemoryStorage()
        self.clock = VirtualClock(self.loop)
        self.settings = GivenSettings(conditions.settings)
        self.outer = self._context(self.loop.world)
        self.fleets: dict[str, Fleet] = {}
        self.directory = SimulatedDirectory(self.fleets)
        self.externals: dict[str, Host] = {}
        self.owners: dict[str, Fleet] = {}
        self.redeployed: list[Callable[[], object]] = []
        self._consumers: dict[tuple[str, str], Consumer] = {}
        self.hazards = Hazards(self)
        self.links = Links(self)
        self.broker = Broker(self)
        self.outbound = ThirdParties(self)
        self.outside = Replica(Service("world"), 0, self.program, self._ports("world", stable_key("world"), None))
        self.complaints = Complaints(self)
        self.loop.set_exception_handler(self.complaints.of_callback)

    # -- starting ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start every replica, and arm the crashes of the plan."""
        for external in self.build.graph.externals.values():
            self._start_external(external.name)
        self._furnish()
        for fleet in self.fleets.values():
            for node in fleet.nodes:
                self._start(node, "")
        self.processes.start()

    def _furnish(self) -> None:
        """Give each owner in the program its fleet, and each subscription its consumer; those that are there stay."""
        graph = self.build.graph
        for service in graph.services.values():
            self._add_fleet(service.name, service.replicas)
            for each in service.subscriptions:
                self._subscribe(
                    Consumer(
                        self.fleets[service.name], each.name, each.patterns, each.ack_wait_ns, each.max_deliver,
                        each.in_flight, each.stated,
                    )
                )  # fmt: skip
        for saga in graph.sagas.values():
            self._add_fleet(saga.name, saga.replicas)
            patterns, stated = (str(saga.on),), frozenset({"max_deliver"})
            self._subscribe(
                Consumer(self.fleets[saga.name], saga.name, patterns, 30_000_000_000, 1_000, 10_000, stated)
            )
        for address, (owner, _) in graph.operations.items():
            self.owners[address] = self.fleets[owner]

    def _add_fleet(self, owner: str, replicas: int) -> None:
        fleet = self.fleets.setdefault(owner, Fleet(owner, stable_key(f"fleet {owner}")))
        fleet.nodes += [Node(owner, number) for number in range(len(fleet.nodes) + 1, replicas + 1)]

    def _subscribe(self, consumer: Consumer) -> None:
        """Let the broker know a consumer; one that it knows already gets the new terms."""
        known = self._consumers.setdefault((consumer.fleet.owner, consumer.name), consumer)
        if known is consumer:
            self.broker.subscribe(consumer)
        else:
            known.renew(consumer)

    def redeploy(self, build: Build) -> None:
        """Put another program in, at this instant: every process dies and starts again on it.

        Durable state stays: documents, journals, what the broker has stored, third parties' books. So does the world
        outside, which goes on sending what it sent. A service that is gone stays down, and its events wait for nobody.
        """
        self.build, self.program = build, compile_program(build)
        before = {owner: len(fleet.nodes) for owner, fleet in self.fleets.items()}
        for fleet in self.fleets.values():
            for node in fleet.nodes:
                self.crash(node, 0, "redeployed")
        for consumer in self._consumers.values():
            consumer.retire()
        self._furnish()
        for external in build.graph.externals.values():
            if external.name not in self.externals:  # third parties deploy when they like, not when we do
                self._start_external(external.name)
        for owner, fleet in self.fleets.items():
            for node in fleet.nodes[before.get(owner, 0) :]:
                self._start(node, "redeployed")
        for listener in self.redeployed:
            listener()

    def _start(self, node: Node, reason: str) -> None:
        """Start a node's next incarnation: its module afresh, then whatever it left unfinished."""
        node.life += 1
        name = f"{node.owner}/{node.number}#{node.life}"
        incarnation = Incarnation(name, stable_key(name), self.loop)
        node.incarnation, node.is_healthy = incarnation, True
        node.context = self._context(incarnation)
        self.hazards.clocks.fit(node)
        node.replica = node.context.copy().run(self._execute, node)
        self.hazards.clocks.refit(node)
        if self.recorder is not None:
            self.recorder.write(Life(self.loop.now_ns, node.owner, node.number, node.life, "started", reason))
        self.spawn(node, node.replica.start(), raise_error)
        self.broker.started(node)

    def _execute(self, node: Node) -> Any:
        """Execute the module of a node's owner, in the incarnation's context."""
        ports = self._ports(node.owner, stable_key(f"{node.owner}/{node.number}"), node)
        graph = self.build.graph
        if node.owner in graph.services:
            instance = self.build.instantiate(self.build.definition_of(Service, node.owner))
            return Replica.of(instance, node.owner, node.number, self.program, ports)
        return SagaReplica.of(node.owner, node.number, self.program, ports, until=self.hazards.deploys.until(node))

    def _start_external(self, name: str) -> None:
        fleet = Fleet(name, stable_key(f"fleet {name}"))
        node = Node(name, 1, 1)
        fleet.nodes = [node]
        node.incarnation = Incarnation(f"{name}/1#1", stable_key(f"{name}/1#1"), self.loop)
        node.context = self._context(node.incarnation)
        definition = self.build.definition_of(External, name)
        instance = node.context.copy().run(self.build.instantiate, definition)
        external = next(each for each in instance.declarations.of(External) if each.name == name)
        node.replica = Replica(Service(name), 1, self.program, self._ports(name, stable_key(name), None))
        self.externals[name] = Host(external, fleet, node.replica)

    def _context(self, incarnation: Incarnation) -> Context:
        context = Context()  # an empty one: a run does not depend on what the notebook has set, such as a precision
        context.run(INCARNATION.set, incarnation)
        context.run(AMBIENT.set, Surroundings(self.loop, self.seed, incarnation))
        return context

    def _ports(self, owner: str, key: int, node: Node | None) -> Ports:
        """Return the ports of a node that can crash; None means one that cannot: a third party, or the outside."""
        process = None if node is None else self.processes.process(node)

        def die(fault: CrashPoint | Poison, reason: str) -> None:
            assert process is not None
            self.processes.kill(process, fault, reason)

        return Ports(
            clock=self.clock,
            randomness=HashedRandomness(self.seed, key),
            identity=self.identity,
            transport=SimulatedTransport(self, node),
            storage=self.hazards.storage.port,
            outbound=self.outbound,
            settings=self.settings,
            points=SimulatedPoints(
                owner,
                self.seed,
                self.conditions.service_times,
                self.harm.points,
                None if node is None else die,
                number=0 if node is None else node.number,
                owners=self.fleets,
            ),
            recorder=self.recorder,
            directory=self.directory,
        )

    # -- running ----------------------------------------------------------------------------------------------------

    def spawn(self, node: Node | None, work: Coroutine[Any, Any, Any], done: Callable[[Any], object]) -> Any:
        """Run a coroutine as a task of a node, or of the world outside, from this instant on.

        Args:
            node: Where.
            work: What.
            done: Called with the task when it ends; it says what becomes of an error.
        """
        if node is None:
            context, incarnation = self.outer.copy(), self.loop.world
        else:
            assert node.context is not None
            assert node.incarnation is not None
            context, incarnation = node.context.copy(), node.incarnation
        task = HandlerTask(work, self.loop, context, incarnation, done)
        self.loop.at(self.loop.now_ns, incarnation.key, task.advance, None)
        return task

    @staticmethod
    def deliver(
        replica: Replica | SagaReplica, consumer: str, envelope: Envelope, attempt: int
    ) -> Coroutine[Any, Any, Verdict]:
        """Return the work of taking a delivery at a replica."""
        if isinstance(replica, SagaReplica):
            return replica.handle_event(envelope, attempt)
        return replica.handle_event(consumer, envelope, attempt)

    def commit_now(self, write: Write) -> int:
        """Commit a write of nobody's handler, which does not wait, and return the new version."""
        work = self.storage.commit((write,))
        try:
            work.send(None)
        except StopIteration as stop:
            return int(stop.value[0])
        raise AssertionError("memory does not wait")

    # -- crashing ---------------------------------------------------------------------------------------------------

    def crash(self, node: Node, down_ns: int, reason: str) -> None:
        """Kill what runs at a node, and start it again after a time; nothing happens where it is down already."""
        if node.incarnation is None:
            return
        node.incarnation.crash()
        node.replica.spans.abandon("crashed")
        node.incarnation, node.context = None, None
        if self.recorder is not None:
            self.recorder.write(Life(self.loop.now_ns, node.owner, node.number, node.life, "crashed", reason))
        self.broker.crashed(node)
        self.loop.at(self.harm.mended_ns(self.loop.now_ns + down_ns), 0, self._restart, node)

    def replace(self, node: Node) -> None:
        """Start a node's next incarnation while the former one still lives, in the belief that it does not."""
        node.incarnation, node.context = None, None
        self.broker.crashed(node)
        self._start(node, "replaced")

    def _restart(self, node: Node) -> None:
        graph = self.build.graph
        if node.incarnation is None and (node.owner in graph.services or node.owner in graph.sagas):
            self._start(node, "restarted")

    def renew(self, node: Node) -> None:
        """Start a node's next incarnation after a deploy has stopped the last; nothing happens where one runs."""
        if node.incarnation is None:
            self._start(node, "deployed")

    def inject(self, fault: Fault) -> None:
        """Put a fault in force from now on; a crash whose instant has passed strikes now."""
        self.harm.add(fault)
        for replica in self._replicas():
            replica.ports.points.arm()

    def refit(self, replica: Any, **ports: Any) -> None:
        """Give a process that runs other ports; whatever acts there asks for them anew each time."""
        for name, port in ports.items():
            object.__setattr__(replica.ports, name, port)  # frozen to all but the world, which decides what they are

    def actors(self) -> list[Any]:
        """Return whatever acts in this world: replicas that run, third parties, the outside."""
        return [*self._hosts(), self.outside]

    def _replicas(self) -> list[Any]:
        """Return what runs at the nodes that are up."""
        nodes = [node for fleet in self.fleets.values() for node in fleet.nodes]
        return [node.replica for node in nodes if node.incarnation is not None]

    def _hosts(self) -> list[Any]:
        """Return the running replicas, and third parties after them."""
        zombies = [zombie.replica for zombie in self.processes.zombies if zombie.incarnation.alive]
        return [*self._replicas(), *zombies, *(host.replica for host in self.externals.values())]

    def running(self) -> dict[str, int]:
        """Return how many spans are open, by `Service kind name`."""
        return dict(Counter(f"{each.name} {opened}" for each in self._hosts() for opened in each.spans.opened()))

    def close(self) -> None:
        """End the run: write spans that are still open, unwind all frames."""
        for replica in (*self._hosts(), self.outside):
            replica.spans.abandon("unfinished")
        self.complaints.of_tasks()
        self.loop.close()
