"""Apply what befalls the broker itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.duration import format_ns
from studio.model.faults.broker_faults import BrokerLoses
from studio.simulation.harming.applier import Applier, Standing

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["BrokerHarm"]


class BrokerHarm(Applier):
    """Faults of the broker.

    Args:
        cluster: Whose broker.
    """

    kinds = (BrokerLoses,)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        super().__init__(cluster.harm)

    def take(self, standing: Standing) -> None:
        """Apply one more fault, at its instant."""
        super().take(standing)
        loop = self._cluster.loop
        loop.at(max(standing.fault.from_ns, loop.now_ns), 0, self._lose, standing)

    def _lose(self, standing: Standing) -> None:
        fault = standing.fault
        assert isinstance(fault, BrokerLoses)
        if self.harm.strikes(standing, 0):
            self.harm.note(standing, 0, f"what it stored in the last {format_ns(fault.last_ns)} is gone")
            self._cluster.broker.forget_since(self._cluster.loop.now_ns - fault.last_ns)
