"""Apply what befalls the clocks of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.faults.clock_faults import ClockDrift, ClockFault, ClockJump, ClockOffset
from studio.simulation.cluster.skew import Skew, SkewedClock, TrueTimes
from studio.simulation.harming.applier import Applier, Standing

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["ClockHarm"]


class ClockHarm(Applier):
    """Faults of clocks: each begins at its instant, on the machines of all replicas that it names.

    Args:
        cluster: Whose.
    """

    kinds = (ClockOffset, ClockDrift, ClockJump)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._begun: list[Standing] = []
        self._skews: dict[tuple[str, int], Skew] = {}
        super().__init__(cluster.harm)

    def take(self, standing: Standing) -> None:
        """Apply one more fault, from its instant on."""
        super().take(standing)
        loop = self._cluster.loop
        if standing.fault.from_ns <= loop.now_ns:
            self._begin(standing)
        else:
            loop.at(standing.fault.from_ns, 0, self._begin, standing)

    def fit(self, node: Node) -> None:
        """Give an incarnation that starts, or runs, the clock of its machine, where that is wrong."""
        skew = self._skew_of(node)
        if skew is None or node.incarnation is None:
            return
        node.incarnation.skew = skew
        if node.incarnation.clock is None:
            node.incarnation.clock = SkewedClock(skew)

    def refit(self, node: Node) -> None:
        """Let what runs at a node act by the clock of its machine; its spans keep the world's time."""
        clock = None if node.incarnation is None else node.incarnation.clock
        if clock is not None:
            recorder = self._cluster.recorder
            true_times = None if recorder is None else TrueTimes(recorder, self._cluster.loop)
            self._cluster.refit(node.replica, clock=clock, recorder=true_times)

    def _begin(self, standing: Standing) -> None:
        fault = standing.fault
        assert isinstance(fault, ClockFault)
        if not self.harm.strikes(standing, 0):
            return
        self.harm.note(standing, 0, "from now on")
        self._begun.append(standing)
        self._cluster.loop.has_skews = True
        for (owner, number), skew in self._skews.items():
            if standing.names_node(owner, number):
                skew.begin(fault)
        for fleet in self._cluster.fleets.values():
            for node in fleet.nodes:
                self.fit(node)
                self.refit(node)

    def _skew_of(self, node: Node) -> Skew | None:
        """Return the clock of a node's machine; None where nothing has befallen it."""
        at = (node.owner, node.number)
        skew = self._skews.get(at)
        if skew is None:
            felt = [each.fault for each in self._begun if each.names_node(*at)]
            if not felt:
                return None
            skew = self._skews[at] = Skew(self._cluster.loop)
            for fault in felt:
                assert isinstance(fault, ClockFault)
                skew.begin(fault)
        return skew
