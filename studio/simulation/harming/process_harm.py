"""Apply what befalls processes at instants of their own: crashes and crash loops, pauses and the zombies that wake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.model.faults.delivery_faults import Poison
from studio.model.faults.process_faults import Crash, CrashPoint, Pause
from studio.records import Life
from studio.simulation.harming.applier import Applier, Standing

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node
    from studio.simulation.virtual.incarnation import Incarnation

__all__ = ["Process", "ProcessHarm"]


class Process(NamedTuple):
    """One incarnation, and where it ran: somebody else may run there by now.

    Attributes:
        life: Which of the node's incarnations it is.
        replica: What it runs.
    """

    node: Node
    incarnation: Incarnation
    life: int
    replica: Any


class ProcessHarm(Applier):
    """Faults with an instant of their own.

    Args:
        cluster: Whose processes.

    Attributes:
        zombies: Processes that were replaced while they stood still.
    """

    kinds = (Crash, Pause)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._has_started = False
        self.zombies: list[Process] = []
        super().__init__(cluster.harm)

    def start(self) -> None:
        """Arm what stands; what comes later arms itself, and strikes at once where its instant has passed."""
        self._has_started = True
        for standing in self.standing:
            self._arm(standing)

    def take(self, standing: Standing) -> None:
        """Apply one more fault from now on."""
        super().take(standing)
        if self._has_started:
            self._arm(standing)

    def _arm(self, standing: Standing) -> None:
        self._at(max(standing.fault.from_ns, self.harm.now_ns), self._strike, standing)

    def _strike(self, standing: Standing) -> None:
        fault = standing.fault
        assert isinstance(fault, Crash | Pause)
        if not self.harm.strikes(standing, 0):
            return
        for node in self._nodes(fault):
            if node.incarnation is None:
                continue
            self.harm.note(standing, 0, f"{node.owner}/{node.number}")
            if isinstance(fault, Crash):
                self._crash(node, fault, "planned")
            else:
                self._pause(node, fault)

    def _nodes(self, fault: Crash | Pause) -> Iterator[Node]:
        """Iterate over the nodes that a fault's targets mean: `Payment/2`, all of `Payment/*`, or the one it says."""
        for target in fault.targets:
            owner, _, number = target.partition("/")
            nodes = self._cluster.fleets[owner].nodes
            yield from nodes if number == "*" else [nodes[int(number or fault.replica) - 1]]

    def _at(self, when_ns: int, function: Any, argument: Any) -> None:
        self._cluster.loop.at(when_ns, 0, function, argument)

    # -- crashes ----------------------------------------------------------------------------------------------------

    def process(self, node: Node) -> Process:
        """Return what runs at a node now, to be told from what may run there later."""
        assert node.incarnation is not None
        return Process(node, node.incarnation, node.life, None)

    def kill(self, process: Process, fault: CrashPoint | Poison, reason: str) -> None:
        """Kill a process that has reached a point; a zombie has no next incarnation."""
        if process.node.incarnation is process.incarnation:
            self._crash(process.node, fault, reason)
        elif process.incarnation.alive:
            self._bury(process, reason)

    def _crash(self, node: Node, fault: Crash | CrashPoint | Poison, reason: str) -> None:
        """Kill what runs at a node; in a crash loop, what starts there dies again."""
        self._cluster.crash(node, fault.down_ns, reason)
        if not isinstance(fault, Poison):
            lives_ns = fault.lives_ns if isinstance(fault, Crash) else 0
            again_ns = self.harm.now_ns + fault.down_ns + lives_ns
            if fault.times > 1 and self.harm.mended_ns(again_ns) == again_ns:
                # One nanosecond on: at the very instant of its start there is nobody yet to die.
                self._at(again_ns + 1, self._crash_again, (node, fault, 2))

    def _crash_again(self, loop: tuple[Node, Crash | CrashPoint, int]) -> None:
        node, fault, death = loop
        if node.incarnation is None:
            return
        self._cluster.crash(node, fault.down_ns, f"crash loop, {death} of {fault.times}")
        lives_ns = fault.lives_ns if isinstance(fault, Crash) else 0
        again_ns = self.harm.now_ns + fault.down_ns + lives_ns
        if death < fault.times and self.harm.mended_ns(again_ns) == again_ns:
            self._at(again_ns + 1, self._crash_again, (node, fault, death + 1))

    def _bury(self, process: Process, reason: str) -> None:
        process.incarnation.crash()
        for zombie in self.zombies:
            if zombie.incarnation is process.incarnation:
                zombie.replica.spans.abandon("crashed")
        self._record(process, "crashed", reason)

    # -- pauses -----------------------------------------------------------------------------------------------------

    def _pause(self, node: Node, fault: Pause) -> None:
        """Let what runs at a node stand still; it does not notice."""
        assert node.incarnation is not None
        loop = self._cluster.loop
        if node.incarnation.key in loop.paused:
            return
        process = Process(node, node.incarnation, node.life, node.replica)
        loop.pause(process.incarnation.key)
        self._cluster.broker.paused(node)
        self._record(process, "paused", "")
        now_ns = self.harm.now_ns
        self._at(self.harm.mended_ns(now_ns + fault.lasts_ns), self._wake, process)
        if fault.replaced_after_ns is not None:
            self._at(now_ns + fault.replaced_after_ns, self._replace, process)

    def _wake(self, process: Process) -> None:
        if process.incarnation.alive:
            is_zombie = process.node.incarnation is not process.incarnation
            self._record(process, "resumed", "as a zombie" if is_zombie else "")
            self._cluster.loop.resume(process.incarnation.key)
            if not is_zombie:
                self._cluster.broker.woke(process.node)

    def _replace(self, process: Process) -> None:
        """Start another process in the place of one that stands still, and is taken for dead."""
        node, incarnation = process.node, process.incarnation
        if node.incarnation is incarnation and incarnation.key in self._cluster.loop.paused:
            self.zombies.append(process)
            self._record(process, "replaced", "")
            self._cluster.replace(node)

    def _record(self, process: Process, state: str, reason: str) -> None:
        recorder, node = self._cluster.recorder, process.node
        if recorder is not None:
            recorder.write(Life(self.harm.now_ns, node.owner, node.number, process.life, state, reason))
