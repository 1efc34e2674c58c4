"""The families of faults that reach into machines: what a cluster asks when it makes processes and while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.simulation.harming.broker_harm import BrokerHarm
from studio.simulation.harming.clock_harm import ClockHarm
from studio.simulation.harming.deploy_harm import DeployHarm
from studio.simulation.harming.party_harm import PartyHarm
from studio.simulation.harming.storage_harm import StorageHarm

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["Hazards"]


class Hazards:
    """Those families, one of each.

    Args:
        cluster: Whose.

    Attributes:
        storage: What befalls the storage; likewise clocks, third parties, deploys, and the broker itself.
    """

    __slots__ = ("broker", "clocks", "deploys", "parties", "storage")

    def __init__(self, cluster: Cluster) -> None:
        self.storage = StorageHarm(cluster)
        self.clocks = ClockHarm(cluster)
        self.parties = PartyHarm(cluster.harm)
        self.deploys = DeployHarm(cluster)
        self.broker = BrokerHarm(cluster)
