"""Apply what befalls processes at instants of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.model.faults.process_faults import Crash
from studio.simulation.harming.applier import Applier, Standing

if TYPE_CHECKING:
    from studio.simulation.cluster import Cluster
    from studio.simulation.node import Node

__all__ = ["ProcessHarm"]


class ProcessHarm(Applier):
    """Faults with an instant of their own.

    Args:
        cluster: Whose processes.
    """

    kinds = (Crash,)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._has_started = False
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
        loop = self._cluster.loop
        loop.at(max(standing.fault.from_ns, loop.now_ns), 0, self._crash, standing)

    def _crash(self, standing: Standing) -> None:
        fault = standing.fault
        assert isinstance(fault, Crash)
        for node in self._nodes(fault):
            if node.incarnation is not None:
                self.harm.note(standing, 0, f"{node.owner}/{node.number}")
                self._cluster.crash(node, fault.down_ns, "planned")

    def _nodes(self, fault: Crash) -> Iterator[Node]:
        """Iterate over the nodes that a fault's targets mean: `Payment/2`, all of `Payment/*`, or the one it says."""
        for target in fault.targets:
            owner, _, number = target.partition("/")
            nodes = self._cluster.fleets[owner].nodes
            yield from nodes if number == "*" else [nodes[int(number or fault.replica) - 1]]
